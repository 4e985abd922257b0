using System.Text.Json;
using ErLoss.SelfSupervised.IO;
using ErLoss.SelfSupervised.Weights;
using ErLoss.Training.Data;
using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;
using ErLoss.Training.Settings;
using static TorchSharp.torch;

namespace ErLoss.Training;

/// <summary>A run between two of its steps: everything that is needed to go on to the same weights and metrics, in the memory of no device.</summary>
/// <param name="Settings">Those of the run, as its config.json has them.</param>
/// <param name="DataFingerprint">See <see cref="ImageData.Fingerprint"/>.</param>
/// <param name="Position">How far it has come.</param>
/// <param name="Method">The method's parameters and buffers, by name; none in what a finished run keeps, whose weights are a file of their own.</param>
/// <param name="Optimizer">What <see cref="OptimizerState"/> names; none if the optimizer starts anew.</param>
internal sealed record TrainingState(
    string Settings,
    string DataFingerprint,
    RunPosition Position,
    IReadOnlyDictionary<string, SafeTensor> Method,
    IReadOnlyDictionary<string, SafeTensor> Optimizer)
{
    /// <summary>Whether it has the method's weights.</summary>
    public bool HasWeights => Method.Count > 0;

    /// <summary>The state without weights and without what the optimizer knows.</summary>
    public TrainingState WithoutTensors() => this with { Method = new Dictionary<string, SafeTensor>(), Optimizer = new Dictionary<string, SafeTensor>() };

    /// <summary>Copies a run's state.</summary>
    public static TrainingState Capture(
        string settings, string dataFingerprint, RunPosition position, TwoViewMethod method, optim.Optimizer optimizer)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return new TrainingState(
            settings,
            dataFingerprint,
            position,
            NamedTensors.ToSafeTensors(method.state_dict()),
            NamedTensors.ToSafeTensors(OptimizerState.Capture(optimizer, method)));
    }

    /// <summary>
    /// Refuses to be taken for the state of another run. A run whose number of epochs was changed may continue from a state before the change: what counts is how many
    /// epochs were planned while the steps of this state were done, and before the first step nothing depends on that number.
    /// </summary>
    /// <exception cref="DataException">It is of other settings or other images; the message says which.</exception>
    public void CheckIsOf(Document<RunSettings> document, RunSettings settings, string dataFingerprint)
    {
        RunSettings began = Began(document).Until(Position.StepsDone), now = settings.Until(Position.StepsDone);
        if (Position.StepsDone == 0)
        {
            now = now with { Epochs = began.Epochs };
        }
        if (document.Difference(began, now) is { } other)
        {
            throw new DataException($"The checkpoint is of a run with {other.Path} {other.First}, not {other.Second} as config.json has it now; put that back.");
        }
        if (DataFingerprint != dataFingerprint)
        {
            throw new DataException($"{settings.Data.Source}: not the images that the run began with; put them back as they were, or start another run.");
        }
    }

    private RunSettings Began(Document<RunSettings> document)
    {
        try
        {
            return document.Read(new RunSettings(), Settings);
        }
        catch (Exception e) when (e is SettingsException or JsonException)
        {
            throw new DataException($"The checkpoint is of another program: {e.Message}", e);
        }
    }

    /// <summary>Puts the weights and the optimizer's state where they were taken from, or into others of the same make.</summary>
    /// <exception cref="DataException">They are of another make; the message says where they differ.</exception>
    public void Restore(TwoViewMethod method, optim.Optimizer optimizer)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        try
        {
            NamedTensors.CopyTo(Method, method.state_dict());
            if (Optimizer.Count == 0)
            {
                return;
            }
            Dictionary<string, Tensor> ofOptimizer = OptimizerState.Capture(optimizer, method).ToDictionary(entry => entry.Key, entry => empty_like(entry.Value));
            NamedTensors.CopyTo(Optimizer, ofOptimizer);
            OptimizerState.Restore(optimizer, method, ofOptimizer);
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"The checkpoint is of another program or method: {e.Message}", e);
        }
    }
}
