using ErLoss.Training.Data;

namespace ErTraining.Tests.Data;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LoadingTests : IDisposable
{
    private const int Train = 40, Test = 10;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("synthetic")]
    [TestCase("cifar")]
    [TestCase("pictures")]
    public void All_images_are_counted_and_after_a_cancellation_no_more_are_loaded(string source)
    {
        CifarWriter.Write(SyntheticImages.Create(Train, Test, seed: 0), _folder["cifar"]);
        for (int i = 0; i < Train + Test; i++)
        {
            Picture.Write(_folder[$"pictures/{(i % 2 == 0 ? "cat" : "dog")}/{i:d2}.png"], Picture.Encode((byte)i));
        }
        var settings = new DataSettings { Source = source == "synthetic" ? source : _folder[source], TrainImages = source == "synthetic" ? Train : null };

        var whole = new Progress();
        DataSource.Load(settings, seed: 0, new LoadingProgress(whole, CancellationToken.None));

        using var cancellation = new CancellationTokenSource();
        var cut = new Progress { OnReport = cancellation.Cancel };
        Assert.That(() => DataSource.Load(settings, seed: 0, new LoadingProgress(cut, cancellation.Token)), Throws.InstanceOf<OperationCanceledException>());
        int all = source == "synthetic" ? Train + 2_000 : Train + Test; // the built-in test images are always two thousand
        Assert.Multiple(() =>
        {
            Assert.That(whole.Values, Has.Count.EqualTo(all));
            Assert.That(whole.Values.Max(), Is.EqualTo(1));
            Assert.That(cut.Values, Has.Count.LessThanOrEqualTo(Environment.ProcessorCount), "each thread had one in hand at most");
        });
    }

    private sealed class Progress : IProgress<double>
    {
        private readonly Lock _gate = new();

        public List<double> Values { get; } = [];

        public Action? OnReport { get; init; }

        public void Report(double value)
        {
            lock (_gate)
            {
                Values.Add(value);
            }
            OnReport?.Invoke();
        }
    }
}
