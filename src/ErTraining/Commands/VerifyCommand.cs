using System.CommandLine;
using ErLoss.Modules;
using ErLoss.Training;
using ErTraining.CommandLine;
using ErTraining.Terminal;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErTraining.Commands;

/// <summary><c>verify</c>: recomputes the published figures, with the reference's constants and with the true ones.</summary>
internal static class VerifyCommand
{
    private const long Rows = 1000, Dimension = 1000;
    private const double Kappa = EntropyReconstructionOptions.DefaultKappa;

    /// <summary>A published figure and how to recompute it.</summary>
    /// <param name="Name">What it is of.</param>
    /// <param name="Published">As printed.</param>
    /// <param name="Tolerance">How far random inputs may be from it.</param>
    /// <param name="Compute">The value with a normaliser.</param>
    private sealed record Figure(string Name, double Published, double Tolerance, Func<Normalizer, double> Compute);

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<int> seed = Options.Number("--seed", "Seed of the random inputs.", "N", n => n >= 0, "a whole number from 0 up", 0);
        var command = new Command("verify", "Recompute the figures that were published with the loss, and show the correct values. The exit code is 1 if a figure is missed.") { seed };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed.GetValue(seed), cancellation)));
        return command;
    }

    private static int Run(int seed, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        WriteRow("figure", "published", "recomputed", "within", "", "exact");
        int missed = 0;
        foreach (Figure figure in Figures(seed))
        {
            cancellation.ThrowIfCancellationRequested();
            double reference = figure.Compute(Normalizer.Reference), exact = figure.Compute(Normalizer.Exact);
            bool met = Math.Abs(reference - figure.Published) <= figure.Tolerance;
            missed += met ? 0 : 1;
            WriteRow(figure.Name, Show(figure.Published), Show(reference), $"{figure.Tolerance:0e0}", met ? "met" : "MISSED", Show(exact));
        }
        Console.WriteLine("All values are in nats, with k = d = 1000 and κ = 10. The inputs are random, which is why there are tolerances.");
        Console.WriteLine(missed == 0 ? "All published figures are met." : $"{missed} published figures are missed.");
        StandardStreams.RequireOutput();
        return missed == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static void WriteRow(string name, string published, string recomputed, string tolerance, string verdict, string exact) =>
        Console.WriteLine($"{name,-25}{published,12}{recomputed,13}{tolerance,8}{verdict,8}{exact,14}".TrimEnd());

    private static string Show(double value) => Math.Abs(value) is < 1e-3 and not 0 ? value.ToString("0.00e0") : value.ToString("0.000000;-0.000000;0");

    /// <summary>The figures of the reference code's README, and the constants behind them. Inputs are float32, as there.</summary>
    private static IEnumerable<Figure> Figures(int seed)
    {
        manual_seed(seed);
        Tensor sphere = functional.normalize(randn(Rows, Dimension, device: CPU), dim: 1);
        Tensor uniform = rand(Rows, Dimension, device: CPU);
        Tensor flat = functional.softmax(uniform, 1);
        Tensor peaked = functional.softmax(uniform * 1000, 1);
        Tensor oneHot = zeros(Rows, Dimension, device: CPU);
        oneHot.select(1, 0).fill_(1);
        Tensor Copy(double scale) => uniform * scale + randn(Rows, Dimension, device: CPU);
        (Tensor copy1, Tensor copy2) = (functional.normalize(Copy(1), dim: 1), functional.normalize(Copy(1), dim: 1));
        (Tensor classes1, Tensor classes2) = (functional.softmax(Copy(10), 1), functional.softmax(Copy(10), 1));

        yield return Entropy("entropy, sphere, plug-in", -249.308487, 1e-3, sphere, Support.Sphere, EntropyEstimator.PlugIn);
        yield return Entropy("entropy, sphere, Joe's", -249.308334, 1e-3, sphere, Support.Sphere, EntropyEstimator.Joe);
        yield return Entropy("entropy, softmax(U)", 6.907612, 5e-5, flat, Support.Discrete, EntropyEstimator.PlugIn);
        yield return Entropy("entropy, softmax(1000·U)", 6.695544, 3e-2, peaked, Support.Discrete, EntropyEstimator.PlugIn);
        yield return Entropy("entropy, one-hot rows", -1.19e-7, 1e-9, oneHot, Support.Discrete, EntropyEstimator.PlugIn);
        yield return Reconstruction("reconstruction, sphere", -248.655258, 5e-2, copy1, copy2, Support.Sphere);
        yield return Reconstruction("reconstruction, discrete", 6.100685, 3e-2, classes1, classes2, Support.Discrete);
        foreach (int dimension in (int[])[128, 256, 1000])
        {
            double logBessel = VonMisesFisher.LogBesselI(dimension / 2.0 - 1, Kappa);
            yield return new Figure(
                $"log(I + 1e-7), d = {dimension}",
                -16.12,
                5e-3,
                normalizer => normalizer == Normalizer.Exact ? logBessel : Math.Log(Math.Exp(logBessel) + 1e-7));
        }
    }

    private static Figure Entropy(string name, double published, double tolerance, Tensor rows, Support support, EntropyEstimator estimator) =>
        new(name, published, tolerance, normalizer => EntropyReconstruction.entropy(rows, Kappa, support, estimator, normalizer, normalizeInputs: false).ToDouble());

    private static Figure Reconstruction(string name, double published, double tolerance, Tensor rows1, Tensor rows2, Support support) =>
        new(name, published, tolerance, normalizer => EntropyReconstruction.reconstruction(rows1, rows2, Kappa, support, normalizer, normalizeInputs: false).ToDouble());
}
