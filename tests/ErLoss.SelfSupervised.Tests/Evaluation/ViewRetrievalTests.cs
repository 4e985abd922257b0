using ErLoss.SelfSupervised.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Tests.Evaluation;

internal sealed class ViewRetrievalTests : TensorTests
{
    [Test]
    public void A_view_counts_if_the_other_view_of_its_image_is_nearer_than_all_other_views()
    {
        // At angles of 0 and 10, 15 and 40, and 180 and 170 degrees: the second's first view is nearer to the first's second one, and the first's second to it.
        double accuracy = ViewRetrieval.Accuracy(AtAngles(0, 15, 180), 7 * AtAngles(10, 40, 170));
        Assert.That(accuracy, Is.EqualTo(4 / 6.0).Within(1e-12));
    }

    [Test]
    public void It_is_that_of_a_plain_recomputation_over_several_batches()
    {
        manual_seed(1);
        const int Images = 300;
        Tensor image = randn(Images, 8, ScalarType.Float64), first = image + 0.5 * randn_like(image), second = image + 0.5 * randn_like(image);
        Tensor rows = nn.functional.normalize(cat([first, second]), dim: 1), cosines = rows.mm(rows.t()) - 3 * eye(2 * Images, dtype: ScalarType.Float64);
        double wanted = cosines.argmax(1).eq((arange(2 * Images) + Images) % (2 * Images)).to(ScalarType.Float64).mean().ToDouble();
        Assert.That(wanted, Is.InRange(0.2, 0.8), "an accuracy that is neither all nor nothing");
        Assert.Multiple(() =>
        {
            Assert.That(ViewRetrieval.Accuracy(first, second), Is.EqualTo(wanted).Within(1e-12));
            Assert.That(ViewRetrieval.Accuracy(second, first), Is.EqualTo(wanted).Within(1e-12));
        });
    }

    [Test]
    public void Collapsed_projections_retrieve_nothing() =>
        Assert.That(ViewRetrieval.Accuracy(eye(4).narrow(0, 0, 1).repeat(20, 1), eye(4).narrow(0, 0, 1).repeat(20, 1)), Is.Zero);

    [Test]
    public void Projections_that_are_no_pairs_are_refused_by_name()
    {
        Assert.Multiple(() =>
        {
            Refused(() => ones(3, 2), () => ones(4, 2), "projections2", "There are 4 rows; 3 are wanted");
            Refused(() => ones(3, 2), () => ones(3, 3), "projections2", "as many columns");
            Refused(() => ones(3), () => ones(3, 2), "projections1", "(n, d) is wanted");
            Refused(() => ones(3, 2), () => ones(3, 2) * float.NaN, "projections2", "finite");
        });

        static void Refused(Func<Tensor> first, Func<Tensor> second, string name, string says) => Assert.That(
            () => ViewRetrieval.Accuracy(first(), second()),
            Throws.ArgumentException.With.Property("ParamName").EqualTo(name).And.Message.Contains(says));
    }

    private static Tensor AtAngles(params double[] degrees)
    {
        Tensor angles = tensor(degrees) * (Math.PI / 180);
        return stack([angles.cos(), angles.sin()], 1);
    }
}
