using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>The loss with a queue's rows as further centres: values and gradients against sums over rows and centres, in float64.</summary>
internal sealed class QueuedCentersTests : TensorTests
{
    private const int Rows = 5, Dimension = 3;
    private const double Kappa = 6;

    /// <summary>Of the batch; the fourth and the fifth are one image, and the second is also in the queue.</summary>
    private static readonly long[] s_ids = [7, 1, 5, 3, 3];

    /// <summary>Of the queue, whose third row and fifth row are one image.</summary>
    private static readonly long[] s_queueIds = [1, 11, 2, 12, 2, 13, 14];

    private static readonly double[,] s_first = Draw.Normal(1, Rows, Dimension), s_second = Draw.Normal(2, Rows, Dimension), s_past = Draw.Normal(3, s_queueIds.Length, Dimension);

    [Test]
    public void TermsAndGradientsAreThoseOfTheDefinition(
        [Values] EntropyEstimator estimator,
        [Values(KernelEvaluation.Fused, KernelEvaluation.Composed, KernelEvaluation.Attention)] KernelEvaluation evaluation,
        [Values] bool leaveOneOut,
        [Values] bool withIds)
    {
        Assume.That(!withIds || evaluation != KernelEvaluation.Attention, "attention knows no ids");
        var options = new EntropyReconstructionOptions { Kappa = Kappa, Estimator = estimator, Evaluation = evaluation, LeaveOneOut = leaveOneOut, EntropyWeight = 0.7 };
        using var loss = new EntropyReconstructionLoss(options);
        using var queue = new ProjectionQueue(s_queueIds.Length, Dimension, ScalarType.Float64);
        queue.enqueue(s_past.ToTensor(), withIds ? tensor(s_queueIds) : null);
        Tensor first = s_first.ToLeaf(), second = s_second.ToLeaf();
        EntropyReconstructionTerms terms = loss.terms(new ProjectedViews(first, second) { Ids = withIds ? tensor(s_ids) : null, Centers = [queue.centers()] });
        queue.enqueue(s_past.ToTensor() * 2, withIds ? tensor(s_queueIds) : null); // before the backward pass, as in a training loop
        terms.Loss.backward();

        double Entropy(double[,] view, bool leave) => EntropyOf(view.WithUnitRows(), s_past.WithUnitRows(), estimator, leave, withIds ? (s_ids, s_queueIds) : null);
        double Of(double[,] one, double[,] other, bool leave) => (Entropy(one, leave) + Entropy(other, leave)) / 2;
        double Reconstruction(double[,] one, double[,] other) => Recomputation.Reconstruction(one.WithUnitRows(), other.WithUnitRows(), options);
        double reconstruction = Reconstruction(s_first, s_second), entropy = Of(s_first, s_second, leaveOneOut);
        Assert.Multiple(() =>
        {
            TermValues.Of(terms).AssertNear(
                new TermValues(reconstruction - 0.7 * entropy, entropy, reconstruction, Of(s_first, s_second, leave: false) - reconstruction), 1e-12);
            Assert.That(first.grad!.ToMatrix(), Is.EqualTo(Differences(moved => Reconstruction(moved, s_second) - 0.7 * Of(moved, s_second, leaveOneOut))).Within(1e-7));
        });
    }

    // Each row of a batch then has all rows as its centres, with the queue as in one large batch: what a queue of a resting encoder stands for.
    [Test]
    public void BatchesThatHaveTheOthersInTheirQueueHaveOnAverageTheEntropyOfAll([Values] bool leaveOneOut)
    {
        const int Batches = 4;
        double[,] all = Draw.Normal(4, Batches * Rows, Dimension);
        Tensor rows = all.ToTensor();
        var options = new EntropyReconstructionOptions { Kappa = Kappa, Estimator = EntropyEstimator.Joe, LeaveOneOut = leaveOneOut };
        using var loss = new EntropyReconstructionLoss(options);
        double sum = 0, alone = 0;
        Tensor[] batches = rows.chunk(Batches);
        foreach (Tensor batch in batches)
        {
            using var queue = new ProjectionQueue((Batches - 1) * Rows, Dimension, ScalarType.Float64);
            foreach (Tensor other in batches.Where(other => !ReferenceEquals(other, batch)))
            {
                queue.enqueue(other);
            }
            sum += loss.terms(new ProjectedViews(batch, batch) { Centers = [queue.centers()] }).Entropy.ToDouble();
            alone += loss.terms(batch, batch).Entropy.ToDouble();
        }
        double ofAll = loss.terms(rows, rows).Entropy.ToDouble();
        TermValues.AssertNear(sum / Batches, ofAll, 1e-13, "with the others");
        Assert.That(Math.Abs(alone / Batches - ofAll), Is.GreaterThan(1e-2), "alone");
    }

    // While it fills, an empty queue included, and from a half type.
    [Test]
    public void AnEmptyQueueChangesNothingAndAHalfFullOneHoldsNoInventedRows([Values(ScalarType.BFloat16, ScalarType.Float32)] ScalarType stored)
    {
        using var loss = new EntropyReconstructionLoss(new EntropyReconstructionOptions { Kappa = Kappa, LeaveOneOut = true });
        using var queue = new ProjectionQueue(100, Dimension, stored);
        Tensor first = s_first.ToTensor(float32), second = s_second.ToTensor(float32);
        TermValues With(Centers centers) => TermValues.Of(loss.terms(new ProjectedViews(first, second) { Centers = [centers] }));
        With(queue.centers(float32)).AssertNear(TermValues.Of(loss.terms(first, second)), 1e-6);
        Tensor past = s_past.ToTensor(float32);
        queue.enqueue(past);
        TermValues expected = With(new Centers(past.to(stored).to(float32)));
        Assert.That(With(queue.centers(float32)), Is.EqualTo(expected));
        Assert.That(Math.Abs(expected.Entropy - loss.terms(first, second).Entropy.ToDouble()), Is.GreaterThan(1e-2), "the past counts");
    }

    /// <summary>The entropy of unit rows with further centres; without ids every row is an example of its own.</summary>
    private static double EntropyOf(double[,] rows, double[,] past, EntropyEstimator estimator, bool leaveOneOut, (long[] Rows, long[] Past)? ids)
    {
        bool IsOther(int row, int center) => ids is null ? row != center : ids.Value.Rows[row] != (center < Rows ? ids.Value.Rows[center] : ids.Value.Past[center - Rows]);
        double Kernel(int row, int center) => Math.Exp(Kappa * (center < Rows ? rows.Dot(row, rows, center) : rows.Dot(row, past, center - Rows)));
        double[] logDensities =
        [
            .. from row in Enumerable.Range(0, Rows)
               let all = Enumerable.Range(0, Rows + past.GetLength(0)).ToArray()
               let others = all.Where(center => IsOther(row, center)).ToArray()
               let sum = others.Sum(center => Kernel(row, center))
               let own = (all.Length - others.Length) * Kernel(row, row) // its own kernel takes the weight of all that are no others
               select Math.Log(leaveOneOut ? sum / others.Length : (sum + own) / all.Length),
        ];
        double logNormalizer = Recomputation.LogNormalizer(Dimension, Kappa, Normalizer.Exact), total = logDensities.Sum(Math.Exp);
        return -logNormalizer - logDensities.Sum(l => (estimator == EntropyEstimator.Joe ? 1.0 / Rows : Math.Exp(l) / total) * l);
    }

    private static double[,] Differences(Func<double[,], double> function)
    {
        const double Step = 1e-5;
        double At(int row, int column, double step) => function(Matrix.Create(Rows, Dimension, (i, c) => s_first[i, c] + (i == row && c == column ? step : 0)));
        return Matrix.Create(Rows, Dimension, (row, column) => (At(row, column, Step) - At(row, column, -Step)) / (2 * Step));
    }
}
