using System.Text.Json;
using ErLoss.Modules;
using ErTraining.CommandLine;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary>Errors of the entropy of two views against <see cref="EntropyTruth"/>.</summary>
/// <param name="Rows">The kind of the rows.</param>
/// <param name="K">How many they are.</param>
/// <param name="D">Their dimension.</param>
/// <param name="Form">The form of the loss.</param>
/// <param name="Type">In which numbers it is computed.</param>
/// <param name="Evaluation">How kernels are computed.</param>
/// <param name="Value">In nats; of values of rows, of their sum. Null where the evaluation does not serve the form.</param>
/// <param name="Gradient">Of the gradient in rows that are used as they are given, relative to it, in norm.</param>
/// <param name="Tangential">Of the gradient in rows that the loss normalises. It turns the rows, and is what training follows.</param>
/// <param name="LogKappa">Of the gradient in log κ, where κ is learnt, relative to it.</param>
internal sealed record ErrorMeasurement(
    string Rows, int K, int D, string Form, string Type, string Evaluation, double? Value, double? Gradient, double? Tangential, double? LogKappa)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>"2e-06 3e-07 4e-07": value, gradient and tangential gradient, and the gradient in log κ if there is one.</summary>
    public string Cell => Value is null ? "not served" : $"{Value:0e-00} {Gradient:0e-00} {Tangential:0e-00}{(LogKappa is null ? "" : $" ({LogKappa:0e-00})")}";

    /// <summary>Measures one evaluation.</summary>
    /// <param name="kind">Name of the rows' kind.</param>
    /// <param name="form">Of the loss, on the sphere and of two views.</param>
    /// <param name="type">In which numbers.</param>
    /// <param name="evaluation">How kernels are computed.</param>
    /// <param name="projections">Unit rows of both views, of the number type and on the device.</param>
    /// <param name="truths">For rows as given, and for normalised ones.</param>
    public static ErrorMeasurement Measure(
        string kind, LossForm form, NumberType type, KernelEvaluation evaluation, Tensor[] projections, (EntropyTruth AsGiven, EntropyTruth Normalised) truths)
    {
        (int k, int d) = ((int)projections[0].shape[0], (int)projections[0].shape[1]);
        var row = new ErrorMeasurement(kind, k, d, form.Name, type.Name, LossForm.NameOf(evaluation), null, null, null, null);
        EntropyReconstructionOptions options = Options(form) with { Evaluation = evaluation, ProductPrecision = type.Products };
        try
        {
            (_, double gradient, _) = Errors(options with { NormalizeInputs = false }, truths.AsGiven);
            (double value, double tangential, double? logKappa) = Errors(options with { NormalizeInputs = true }, truths.Normalised);
            return row with { Value = value, Gradient = gradient, Tangential = tangential, LogKappa = logKappa };
        }
        catch (ArgumentException)
        {
            return row;
        }

        (double Value, double Gradient, double? LogKappa) Errors(EntropyReconstructionOptions settings, EntropyTruth truth)
        {
            using var scope = NewDisposeScope();
            using var loss = new EntropyReconstructionLoss(settings);
            loss.to(projections[0].device);
            Tensor[] leaves = [.. projections.Select(rows => rows.detach().clone().requires_grad_())];
            Tensor value = loss.terms(form.Views(leaves)).Loss;
            value = value.to(ScalarType.Float64).sum();
            // As users of half precision scale a loss: gradients would be too small for the type else.
            double scale = Math.Pow(2, -Math.Ceiling(Math.Log2(truth.Gradients.Max(gradient => gradient.abs().max().ToDouble()))));
            (value * scale).backward();
            Tensor[] gradients = [.. leaves.Select(leaf => leaf.grad!.cpu().to(ScalarType.Float64) / scale)];
            double error = gradients.Zip(truth.Gradients).Sum(pair => (pair.First - pair.Second).square().sum().ToDouble());
            double size = truth.Gradients.Sum(gradient => gradient.square().sum().ToDouble());
            double? logKappa = loss.get_parameter("log_kappa")?.grad is { } slope ? Math.Abs(slope.ToDouble() / scale / truth.LogKappaGradient - 1) : null;
            return (Math.Abs(value.ToDouble() - truth.Loss), Math.Sqrt(error / size), logKappa);
        }
    }

    /// <summary>The truth for rows that are used as they are given, and for normalised ones.</summary>
    public static (EntropyTruth AsGiven, EntropyTruth Normalised) Truths(LossForm form, Tensor[] projections) => (
        EntropyTruth.Compute(Options(form) with { NormalizeInputs = false }, form, projections),
        EntropyTruth.Compute(Options(form) with { NormalizeInputs = true }, form, projections));

    /// <summary>What <c>errors --json</c> wrote.</summary>
    public static IReadOnlyList<ErrorMeasurement> Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ErrorMeasurement[]>(File.ReadAllText(path)) ?? throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be read; a file that errors --json wrote is wanted.");
        }
    }

    /// <summary>Writes a file for <see cref="Read"/>.</summary>
    public static void Write(IReadOnlyList<ErrorMeasurement> rows, string path) =>
        SelfSupervised.IO.AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, rows, s_json));

    /// <summary>Heads and rows of a table: what was measured, and for each evaluation its errors.</summary>
    public static (IReadOnlyList<string> Head, IReadOnlyList<string[]> Rows) Table(IReadOnlyList<ErrorMeasurement> errors)
    {
        string[] evaluations = [.. errors.Select(row => row.Evaluation).Distinct()];
        return (
            ["rows", "k", "d", "form", "type", .. evaluations],
            [
                .. errors.GroupBy(row => (row.Rows, row.K, row.D, row.Form, row.Type)).Select(rows => (string[])
                    [rows.Key.Rows, $"{rows.Key.K:n0}", $"{rows.Key.D}", rows.Key.Form, rows.Key.Type, .. evaluations.Select(name => rows.FirstOrDefault(row => row.Evaluation == name)?.Cell ?? "")]),
            ]);
    }

    private static EntropyReconstructionOptions Options(LossForm form) => form.Options with { ReconstructionWeight = 0 };
}
