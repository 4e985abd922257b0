using ErLoss.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

internal sealed class SinkhornKnoppTests : TensorTests
{
    [TestCase(1)]
    [TestCase(3)]
    public void Assignments_are_those_of_scaling_a_matrix_s_columns_and_rows(int iterations)
    {
        const int Count = 7, Classes = 5;
        Tensor scores = rand(Count, Classes, dtype: ScalarType.Float64);
        var plan = new double[Count, Classes];
        for (int i = 0; i < Count; i++)
        {
            for (int j = 0; j < Classes; j++)
            {
                plan[i, j] = Math.Exp(scores[i, j].ToDouble() / 0.05);
            }
        }
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            for (int j = 0; j < Classes; j++)
            {
                double sum = Enumerable.Range(0, Count).Sum(i => plan[i, j]);
                for (int i = 0; i < Count; i++)
                {
                    plan[i, j] /= sum * Classes;
                }
            }
            for (int i = 0; i < Count; i++)
            {
                double sum = Enumerable.Range(0, Classes).Sum(j => plan[i, j]);
                for (int j = 0; j < Classes; j++)
                {
                    plan[i, j] /= sum;
                }
            }
        }
        double[] expected = [.. plan.Cast<double>()];
        Assert.That(SinkhornKnopp.Assign(scores, 0.05, iterations).data<double>().ToArray(), Finite.Near(expected, 1e-12));
    }

    [Test]
    public void Rows_sum_to_one_at_once_and_columns_to_their_share_in_the_limit()
    {
        Tensor scores = rand(64, 8, dtype: ScalarType.Float64);
        Tensor[] assignments = [.. new[] { 1, 3, 10, 300 }.Select(iterations => SinkhornKnopp.Assign(scores, 0.05, iterations))];
        double[] farFromShare = [.. assignments.Select(a => (a.sum([0]) - 8).abs().max().ToDouble())];
        Assert.Multiple(() =>
        {
            Assert.That(assignments.SelectMany(a => a.sum(1).data<double>().ToArray()), Has.All.EqualTo(1).Within(1e-12));
            Assert.That(farFromShare, Finite.Falling());
            Assert.That(farFromShare[^1], Finite.LessThan(1e-9));
        });
    }

    [Test]
    public void A_prototype_that_suits_nobody_is_still_shared_out()
    {
        Tensor scores = zeros(4, 3);
        scores[TensorIndex.Colon, 2] = -1000;
        Tensor assignments = SinkhornKnopp.Assign(scores, 0.05, 3);
        Assert.That(assignments.data<float>().ToArray(), Has.All.EqualTo(1.0 / 3).Within(1e-6));
    }

    [Test]
    public void Assignments_take_no_gradient() =>
        Assert.That(SinkhornKnopp.Assign(rand(4, 3, requires_grad: true), 0.05, 3).requires_grad, Is.False);
}
