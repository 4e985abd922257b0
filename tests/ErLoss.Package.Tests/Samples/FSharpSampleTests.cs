using System.Text.RegularExpressions;
using static TorchSharp.torch;
using Sample = ErLoss.Samples.Training;

namespace ErLoss.Package.Tests;

/// <summary>The sample in F#: the loss gets from it what C# would give it, and its trainings learn what they say.</summary>
internal sealed partial class FSharpSampleTests
{
    [Test]
    public void TrainsAndLeavesNoTensorAlive()
    {
        long before = LiveTensors.Count;
        string printed = ConsoleProgram.OutputOf(() => Assert.That(ErLoss.Samples.Program.main([]), Is.Zero));
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
        (double Before, double After)[] losses = Numbers(LossLine(), printed), shares = Numbers(ShareLine(), printed);
        Assert.That((losses.Length, shares.Length), Is.EqualTo((2, 2)), printed);
        Assert.That(losses, Is.All.Matches<(double Before, double After)>(loss => double.IsFinite(loss.After) && loss.After < loss.Before - 4), printed);
        Assert.That(shares, Is.All.Matches<(double Before, double After)>(share => share.Before < 20 && share.After > 50), printed);
    }

    [Test]
    public void OptionsAreThoseThatTheCallOfTheConstructorNames() => Assert.That(
        Sample.options(),
        Is.EqualTo(new EntropyReconstructionOptions { Kappa = 10, Estimator = EntropyEstimator.Joe, LeaveOneOut = true }));

    [Test]
    public void ViewsOfAStudentGiveTheTermsThatTheyGiveInCSharp()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        nn.Module<Tensor, Tensor> student = Sample.network(), teacher = Sample.network(), predictor = nn.Linear(32, 32);
        (Tensor view1, Tensor view2) = Sample.drawViews();
        using var loss = new EntropyReconstructionLoss(Sample.options());
        Tensor z1 = student.call(view1), z2 = student.call(view2);
        EntropyReconstructionTerms expected = loss.terms(new ProjectedViews(z1, z2)
        {
            Predictions = [predictor.call(z1), predictor.call(z2)],
            Targets = [teacher.call(view1).detach(), teacher.call(view2).detach()],
        });
        EntropyReconstructionTerms found = loss.terms(Sample.studentViews(student, predictor, teacher, view1, view2));
        Assert.That(found.Loss.item<float>(), Is.EqualTo(expected.Loss.item<float>()));
        Assert.That(found.Entropy.item<float>(), Is.EqualTo(expected.Entropy.item<float>()));
    }

    private static (double Before, double After)[] Numbers(Regex line, string printed) =>
        [.. line.Matches(printed).Select(match => (double.Parse(match.Groups[1].Value), double.Parse(match.Groups[2].Value)))];

    [GeneratedRegex(@"^[a-z ]+: the loss fell from (\S+) to (\S+) nats\.$", RegexOptions.Multiline)]
    private static partial Regex LossLine();

    [GeneratedRegex(@"^[a-z ]+: (\d+) % of the views found their partner before training, (\d+) % after it\.$", RegexOptions.Multiline)]
    private static partial Regex ShareLine();
}
