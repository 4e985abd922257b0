using System.Runtime.CompilerServices;
using ErLoss.Modules.Distributed;
using TorchSharp;
using static TorchSharp.torch;

#pragma warning disable CA2255 // this is a program: mpirun starts it, and what it then does comes before the tests

namespace ErLoss.Modules.Tests.Distributed;

/// <summary>
/// What a rank of <see cref="MpiTests"/> does. mpirun starts the test program once for each rank, with a variable that says so; these processes check and end before any test runs.
/// </summary>
internal static class MpiCheck
{
    /// <summary>The variable: check, or the way in which rank 1 ends early.</summary>
    public const string Variable = "ERLOSS_MPI_CHECK";

    public const string Check = "check", Throw = "throw", Exit = "exit";

    [ModuleInitializer]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } what)
        {
            Environment.Exit(Run(what));
        }
    }

    private static int Run(string what)
    {
        set_num_threads(1);
        MpiProcessGroup group;
        try
        {
            group = MpiProcessGroup.Initialize();
        }
        catch (InvalidOperationException exception)
        {
            Console.Error.WriteLine(exception.Message);
            try
            {
                MpiProcessGroup.Initialize();
            }
            catch (InvalidOperationException again)
            {
                Console.Error.WriteLine(again.Message);
            }
            return 2;
        }
        if (what != Check && group.Rank == 1)
        {
            return what == Exit ? 3 : throw new NotSupportedException("rank 1 ends");
        }
        string wrong = $"{CollectiveChecks.Run(group)}{CheckPieces(group)}{CheckLoss(group)}{CheckLauncher(group)}";
        Console.WriteLine($"rank {group.Rank} of {group.Size}: {group.Library}: {(wrong.Length == 0 ? "all is right" : wrong)}");
        // A null reference must stay an exception, whatever the library does with its signal.
        try
        {
            _ = ((string?)null)!.Length;
        }
        catch (NullReferenceException)
        {
            return wrong.Length == 0 ? 0 : 4;
        }
        return 5;
    }

    /// <summary>What the launcher says before MPI is started is what MPI says.</summary>
    private static string CheckLauncher(MpiProcessGroup group) =>
        (MpiProcessGroup.LaunchedRank, MpiProcessGroup.LaunchedSize) == (group.Rank, group.Size) ? "" : $"; the launcher says rank {MpiProcessGroup.LaunchedRank} of {MpiProcessGroup.LaunchedSize}";

    /// <summary>The same results where tensors are larger than what one call can take.</summary>
    private static string CheckPieces(MpiProcessGroup group)
    {
        long before = group.Piece;
        group.Piece = 7;
        string wrong = CollectiveChecks.Run(group);
        group.Piece = before;
        return wrong;
    }

    /// <summary>The loss of unequal parts, its gradients in the own rows and their sum in shared weights, against the same of the whole batch.</summary>
    private static string CheckLoss(MpiProcessGroup group)
    {
        using var scope = NewDisposeScope();
        int[] parts = [.. Enumerable.Range(0, group.Size).Select(rank => rank == 1 ? 1 : rank + 4)];
        int start = parts[..group.Rank].Sum();
        Tensor images = Draw.Normal(1, parts.Sum(), 6).ToTensor(), weights = Draw.Normal(2, 6, 5).ToTensor();
        double worst = 0;
        foreach (EntropyReconstructionOptions options in (EntropyReconstructionOptions[])[new(), new() { LeaveOneOut = true, Evaluation = KernelEvaluation.Fused }, new() { Support = Modules.Support.Discrete }])
        {
            (Tensor value, Tensor rows, Tensor ofWeights) = Compute(options, images);
            (Tensor ownValue, Tensor ownRows, Tensor ownOfWeights) = Compute(options with { Group = group }, images[start..(start + parts[group.Rank])]);
            group.AllReduce(ownOfWeights);
            worst = new[]
            {
                worst,
                (value - ownValue).abs().ToDouble(),
                (rows[start..(start + parts[group.Rank])] - ownRows).abs().max().ToDouble(),
                (ofWeights - ownOfWeights).abs().max().ToDouble(),
            }.Aggregate(Math.Max); // which keeps a NaN
        }
        return worst < 1e-12 ? "" : $"; the loss differs by {worst}";

        (Tensor Value, Tensor Rows, Tensor Weights) Compute(EntropyReconstructionOptions options, Tensor ofImages)
        {
            using var loss = new EntropyReconstructionLoss(options);
            Tensor inputs = ofImages.clone().requires_grad_(), shared = weights.clone().requires_grad_();
            Tensor value = loss.call(inputs.mm(shared), inputs.square().mm(shared));
            value.backward();
            return (value.detach(), inputs.grad!, shared.grad!);
        }
    }
}
