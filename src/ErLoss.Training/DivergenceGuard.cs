using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>Ends a run that has diverged, with an error that says what is no longer in its range and since which step.</summary>
/// <param name="step">Takes the steps.</param>
/// <param name="progress">Knows how many were taken.</param>
internal sealed class DivergenceGuard(TrainingStep step, RunProgress progress)
{
    private TwoViewMethod Method => step.Method;

    /// <summary>Takes the next step of an epoch. If the loss refuses a parameter that training has brought out of its range, that is the error.</summary>
    /// <param name="epoch">Counted from one.</param>
    /// <param name="wantsStop">As <see cref="TrainingStep.Take"/>.</param>
    /// <returns>As <see cref="TrainingStep.Take"/>.</returns>
    /// <exception cref="TrainingFailedException">It did.</exception>
    public bool TakeStep(int epoch, bool wantsStop = false)
    {
        MetricSums sums = progress.Sums;
        try
        {
            return step.Take(epoch, sums.Steps, sums, wantsStop);
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException or InvalidOperationException && Method.Fault() is not null)
        {
            throw Diverged(Method.Fault()!);
        }
    }

    /// <summary>Refuses weights that are not finite, or that the method finds out of their range.</summary>
    /// <exception cref="TrainingFailedException">There are such weights.</exception>
    public void RequireSoundWeights()
    {
        using var scope = NewDisposeScope();
        if (Method.Fault() is { } fault)
        {
            throw Diverged(fault);
        }
        if (Method.state_dict().FirstOrDefault(entry => !entry.Value.isfinite().all().item<bool>()).Key is { } name)
        {
            throw progress.Diverged($"the weights '{name}' are no finite numbers after step {progress.Sums.Steps}");
        }
    }

    private TrainingFailedException Diverged(string fault) => progress.Diverged($"{fault}, by step {progress.Sums.Steps}");
}
