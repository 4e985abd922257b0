using System.Collections.Concurrent;
using ErTraining.Terminal;

namespace ErTraining.Tests.Terminal;

internal sealed class HeartbeatTests
{
    [Test]
    public void Where_nothing_is_written_it_says_what_is_done_again_and_again()
    {
        var lines = new BlockingCollection<string>();
        int asked = 0;
        using var heartbeat = new Heartbeat(() => $"status {++asked}", TimeSpan.FromMilliseconds(1), lines.Add);
        Assert.That(Enumerable.Range(0, 3).Select(_ => lines.Take()), Is.EqualTo(["status 1", "status 2", "status 3"]));
    }

    [Test]
    public void A_line_of_the_program_comes_through_and_needs_no_status()
    {
        var lines = new List<string>();
        using var heartbeat = new Heartbeat(() => throw new InvalidOperationException("asked too early"), TimeSpan.FromHours(1), lines.Add);
        heartbeat.WriteLine("epoch 1");
        Assert.That(lines, Is.EqualTo(["epoch 1"]));
    }
}
