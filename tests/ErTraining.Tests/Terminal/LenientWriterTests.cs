using System.Text;
using ErTraining.Terminal;

namespace ErTraining.Tests.Terminal;

internal sealed class LenientWriterTests
{
    [Test]
    public void What_is_written_comes_through()
    {
        using var inner = new StringWriter { NewLine = "\n" };
        using var writer = new LenientWriter(inner) { NewLine = "\n" };
        writer.Write('a');
        writer.Write("bc");
        writer.WriteLine("d");
        writer.WriteLine($"{1}");
        writer.Flush();
        Assert.That(inner.ToString(), Is.EqualTo("abcd\n1\n"));
        Assert.That(writer.Failure, Is.Null);
    }

    [TestCase(typeof(IOException))]
    [TestCase(typeof(UnauthorizedAccessException))]
    public void What_it_writes_to_may_go_away(Type exception)
    {
        using var inner = new Gone((Exception)Activator.CreateInstance(exception)!);
        using var writer = new LenientWriter(inner);
        writer.WriteLine("first");
        writer.WriteLine("second");
        writer.Flush();
        Assert.That(inner.Tries, Is.EqualTo(1), "it is not tried again and again");
        Assert.That(writer.Failure, Is.TypeOf(exception), "who needs to know that something is lost can ask");
    }

    [Test]
    public void What_was_closed_from_the_start_loses_what_is_written()
    {
        using var writer = new LenientWriter(null);
        writer.Flush();
        Assert.That(writer.Failure, Is.Null, "nothing is lost yet");
        writer.WriteLine("first");
        Assert.That(writer.Failure, Is.TypeOf<IOException>());
    }

    private sealed class Gone(Exception exception) : TextWriter
    {
        public int Tries { get; private set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            Tries++;
            throw exception;
        }
    }
}
