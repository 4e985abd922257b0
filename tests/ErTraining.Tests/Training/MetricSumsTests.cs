using ErLoss.Training;
using ErLoss.Training.Methods;
using static TorchSharp.torch;

namespace ErTraining.Tests.Training;

internal sealed class MetricSumsTests : TensorTests
{
    [Test]
    public void Sums_that_are_taken_up_go_on_to_the_same_bits()
    {
        using MetricSums whole = new(CPU), first = new(CPU);
        Add(whole, 0.1, 0.2, 0.3);
        Add(first, 0.1, 0.2);
        using var second = new MetricSums(CPU, first.Sums(), first.Steps);
        Add(second, 0.3);
        Assert.That(second.Sums(), Is.EqualTo(whole.Sums()));
        Assert.That(second.Steps, Is.EqualTo(3));
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void The_first_step_whose_loss_is_no_finite_number_is_named(double loss)
    {
        using var sums = new MetricSums(CPU, [1, 1, 1, 1], 2);
        Add(sums, 0.5, loss, 0.5, double.NegativeInfinity, 0.5);
        Assert.That(() => sums.Sums(), Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("the loss became").And.Message.EndsWith("in step 4"));
    }

    [Test]
    public void A_term_that_is_no_number_is_named_where_the_loss_is_one()
    {
        using var sums = new MetricSums(CPU);
        sums.Add(new MethodTerms(tensor(1.0), tensor(1.0), tensor(double.NaN), tensor(1.0)));
        Assert.That(() => sums.Sums(), Throws.TypeOf<NotFiniteNumberException>().With.Message.EqualTo("the reconstruction became NaN in step 1"));
    }

    private static void Add(MetricSums sums, params double[] losses)
    {
        foreach (double loss in losses)
        {
            sums.Add(new MethodTerms(tensor(loss), tensor(2 * loss), tensor(3 * loss), tensor(-loss)));
        }
    }
}
