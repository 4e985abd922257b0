using System.Reflection;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Methods;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>
/// Each preset's method against the values and gradients that the library which the preset is of computes. The whole method is called, in float64 and its evaluation mode, with heads that are set to
/// hand on what they are given: the encoder looks the published inputs up in a table, by the number that an image is filled with.
/// </summary>
internal sealed class PublishedLossTests : TensorTests
{
    private const double Tolerance = 1e-12;

    [TestCase("lightly", "lightly")]
    [TestCase("solo-learn", "solo")]
    [TestCase("lightly", "pytorch_metric_learning")]
    public void NT_Xent_of_SimCLR(string preset, string library)
    {
        PublishedLoss[] cases = [.. PublishedLoss.Of("NT-Xent", library)];
        Assert.That(cases, Is.Not.Empty);
        foreach (PublishedLoss published in cases)
        {
            using TwoViewMethod method = Create("simclr", preset, dimension: 5, $"kappa={1 / published.Temperature}");
            Parameter table = SetTable(method, "encoder", published.Inputs("z0", "z1"));
            MethodTerms terms = method.call(Batch(6));
            terms.Loss.backward();
            AssertIsPublished(published, terms.Loss, table.grad!, "z0", "z1");
        }
    }

    [TestCase("lightly", "lightly")]
    [TestCase("solo-learn", "solo")]
    public void The_regression_of_BYOL(string preset, string library)
    {
        PublishedLoss published = PublishedLoss.Of("BYOL symmetric", library).Single();
        using TwoViewMethod method = Create("byol", preset, dimension: 5);
        Parameter table = SetTable(method, "encoder", published.Inputs("p0", "p1"));
        SetTable(method, "teacherEncoder", published.Inputs("z0", "z1"));
        MethodTerms terms = method.call(Batch(6));
        terms.Loss.backward();
        AssertIsPublished(published, terms.Loss, table.grad!, "p0", "p1");
    }

    [TestCase("lightly", "lightly")]
    [TestCase("solo-learn", "solo")]
    public void The_cross_entropy_of_DINO_and_its_centre(string preset, string library)
    {
        PublishedLoss published = PublishedLoss.Of("DINO", library).Single();
        using TwoViewMethod method = Create("dino", preset, dimension: 12, "prototypes=7");
        SetTable(method, "encoder", eye(12, dtype: ScalarType.Float64));
        SetTable(method, "teacherEncoder", eye(12, dtype: ScalarType.Float64));
        // Published outputs are no cosines, so that plain layers take the prototypes' places.
        Parameter student = Replace(method, "prototypes", published.Inputs("s0", "s1"));
        Replace(method, "teacherPrototypes", published.Inputs("t0", "t1"));
        Tensor center = method.state_dict()["center"];
        center.copy_(published.Input("center"));
        MethodTerms terms = method.call(Batch(6));
        terms.Loss.backward();
        AssertIsPublished(published, terms.Loss, student.grad!.t(), "s0", "s1");

        method.train();
        foreach ((string _, nn.Module part) in method.named_children())
        {
            part.eval();
        }
        method.call(Batch(6));
        Assert.That(center.data<double>().ToArray(), Finite.Near(published.Vector("center_after"), Tolerance));
    }

    [Test]
    public void The_swapped_prediction_of_SwAV()
    {
        PublishedLoss published = PublishedLoss.Of("SwAV", "lightly").Single();
        using TwoViewMethod method = Create("swav", "lightly", dimension: 12, "prototypes=7");
        SetTable(method, "encoder", eye(12, dtype: ScalarType.Float64));
        Dictionary<string, Parameter> weights = method.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Parameter scores = weights["prototypes.linear.weight"];
        using (no_grad())
        {
            scores.copy_(published.Inputs("c0", "c1").t());
            weights["prototypes.linear.bias"].zero_();
        }
        MethodTerms terms = method.call(Batch(6));
        terms.Loss.backward();
        AssertIsPublished(published, terms.Loss, scores.grad!.t(), "c0", "c1");
    }

    [Test]
    public void The_cross_entropy_of_DeepCluster()
    {
        PublishedLoss published = PublishedLoss.Of("DeepClusterV2", "solo").Single();
        using TwoViewMethod method = Create("deepcluster", "solo-learn", dimension: 12, "prototypes=7");
        SetTable(method, "encoder", eye(12, dtype: ScalarType.Float64));
        Dictionary<string, Tensor> state = method.state_dict();
        state["centroids"].copy_(published.Inputs("c0", "c1").t());
        state["centroids"].requires_grad_();
        Tensor assignments = published.Input("assignments").to(ScalarType.Int64);
        state["assignments"].narrow(0, 0, 6).copy_(assignments);
        // There, an image without a cluster, -1, is passed over; here each image has one, so that the batch is without it.
        long[] assigned = [.. assignments.data<long>().ToArray().Index().Where(image => image.Item >= 0).Select(image => (long)image.Index)];
        Assert.That(assigned, Has.Length.EqualTo(5));
        MethodTerms terms = method.call(Batch(6, assigned));
        terms.Loss.backward();
        AssertIsPublished(published, terms.Loss, state["centroids"].grad!.t(), "c0", "c1");
    }

    private static void AssertIsPublished(PublishedLoss published, Tensor loss, Tensor gradient, params string[] inputs) => Assert.Multiple(() =>
    {
        Assert.That(loss.ToDouble(), Finite.Near(published.Loss, Tolerance), published.Source);
        Assert.That(gradient.contiguous().data<double>().ToArray(), Finite.Near(published.Gradients(inputs), Tolerance), published.Source);
    });

    /// <summary>A preset's method with small heads that change nothing, in float64 and its evaluation mode.</summary>
    private static TwoViewMethod Create(string method, string preset, int dimension, string words = "")
    {
        RunSettings settings = FreshRun.Compose(
            Registry.Default, Given.Words($"method={method} preset={preset} hidden_dimension={2 * dimension} projection_dimension={dimension} {words}"));
        Assert.That(settings.Method.Objective, Is.EqualTo(Objective.Native), "a preset is for the native loss");
        TwoViewMethod created = settings.Method.Create(() => new Table(dimension), images: 12);
        created.to(ScalarType.Float64);
        created.eval();
        foreach ((string _, nn.Module head) in created.named_children().Where(child => child.name is "projector" or "predictor" or "teacherProjector"))
        {
            HandOn(head, dimension);
        }
        return created;
    }

    /// <summary>ReLU of x and of −x, and their difference, which is x; normalisations by running statistics, with weights that undo their small constant.</summary>
    private static void HandOn(nn.Module head, int dimension)
    {
        using var frozen = no_grad();
        Tensor identity = eye(dimension, dtype: ScalarType.Float64), both = cat([identity, -identity]);
        foreach (nn.Module layer in head.children())
        {
            if (layer is Linear linear)
            {
                linear.weight!.copy_(linear.weight!.shape[0] == dimension ? both.t() : both);
                linear.bias?.zero_();
            }
            else if (layer is BatchNorm norm)
            {
                norm.weight!.fill_(Math.Sqrt(1 + 1e-5));
            }
        }
    }

    /// <summary>Images that an encoder looks up: those of the first view have the numbers from 0, those of the second from <paramref name="count"/> on.</summary>
    private static ViewBatch Batch(int count, long[]? images = null)
    {
        Tensor indices = images is null ? arange(count, dtype: ScalarType.Int64) : tensor(images);
        Tensor Views(int first) => (indices + first).to(ScalarType.Float64).view(-1, 1, 1, 1).expand(-1, 3, 2, 2);
        return new ViewBatch(Views(0), Views(count), indices);
    }

    private static Parameter SetTable(TwoViewMethod method, string encoder, Tensor rows)
    {
        var table = (Table)method.named_children().Single(child => child.name == encoder).module;
        table.Rows = rows;
        return table.Weight;
    }

    /// <summary>Puts a plain linear layer in a module's place, whose columns are the outputs of the table's rows.</summary>
    private static Parameter Replace(TwoViewMethod method, string name, Tensor outputs)
    {
        Linear layer = nn.Linear(outputs.shape[0], outputs.shape[1], hasBias: false, dtype: ScalarType.Float64);
        using (no_grad())
        {
            layer.weight!.copy_(outputs.t());
        }
        method.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(method, layer);
        return layer.weight!;
    }

    /// <summary>An encoder that looks features up by the number that an image is filled with.</summary>
    private sealed class Table : Encoder
    {
        private readonly Parameter rows;

        public Table(int dimension)
            : base(nameof(Table), dimension)
        {
            rows = new Parameter(zeros(12, dimension, ScalarType.Float64));
            RegisterComponents();
        }

        public Parameter Weight => rows;

        public Tensor Rows
        {
            set
            {
                using var frozen = no_grad();
                rows.copy_(value);
            }
        }

        protected override Encoder Fresh() => new Table(FeatureDimension);

        protected override Tensor Maps(Tensor images) =>
            rows.index_select(0, images.select(3, 0).select(2, 0).select(1, 0).to(ScalarType.Int64)).unsqueeze(2).unsqueeze(3);
    }
}
