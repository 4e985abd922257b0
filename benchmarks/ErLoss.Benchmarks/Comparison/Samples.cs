using System.Diagnostics;
using ErLoss.Training.Compute;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Times of one variant, each over as many repetitions as make it long enough to time, until it runs out of memory.</summary>
internal sealed class Samples
{
    private const double SampleMilliseconds = 20;

    private readonly Action _run;
    private readonly Device _device;
    private readonly List<double> _milliseconds = [];
    private int _repetitions;

    /// <param name="run">Does it once; has a dispose scope of its own.</param>
    /// <param name="device">Where.</param>
    public Samples(Action run, Device device)
    {
        _run = run;
        _device = device;
    }

    /// <summary>Of the milliseconds that it takes; null where there is a note.</summary>
    public Quartiles? Quartiles => Note is not null ? null : Benchmarks.Quartiles.Compute(_milliseconds);

    /// <summary>Why there are no times.</summary>
    public string? Note { get; private set; }

    /// <summary>Takes one more.</summary>
    public void Take()
    {
        if (Note is not null)
        {
            return;
        }
        try
        {
            if (_repetitions == 0)
            {
                WarmUp();
            }
            _milliseconds.Add(Time() / _repetitions);
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            Note = "out of memory";
        }
        catch (ArgumentException)
        {
            Note = "not served"; // an evaluation that was asked for by name does not serve the device, the size or the form
        }
    }

    /// <summary>Runs it until it runs as it will, and finds how often a sample repeats it.</summary>
    private void WarmUp()
    {
        _repetitions = 1;
        Time(); // loads kernels, fills allocators
        for (double time; (time = Time()) < SampleMilliseconds;)
        {
            _repetitions = (int)Math.Ceiling(_repetitions * Math.Min(10, 1.1 * SampleMilliseconds / time));
        }
    }

    private double Time()
    {
        BenchmarkDevice.Synchronize(_device);
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < _repetitions; i++)
        {
            using var scope = NewDisposeScope();
            _run();
        }
        BenchmarkDevice.Synchronize(_device);
        return watch.Elapsed.TotalMilliseconds;
    }
}
