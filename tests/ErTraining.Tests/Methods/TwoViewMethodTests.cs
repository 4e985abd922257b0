using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training;
using ErLoss.Training.Methods;
using ErLoss.Training.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Methods;

/// <summary>What holds for every method there is.</summary>
internal sealed class TwoViewMethodTests : TensorTests
{
    private const int Images = 32, BatchSize = 8, Prototypes = 10;

    private static IEnumerable<string> Names => Registry.Default.Methods.Keys;

    private static IEnumerable<TestCaseData> All =>
        from name in Registry.Default.Methods.Keys from objective in Enum.GetValues<Objective>() select new TestCaseData(name, objective);

    [TestCaseSource(nameof(All))]
    public void Every_trained_weight_takes_a_gradient_from_the_loss_and_no_other_does(string name, Objective objective)
    {
        using TwoViewMethod method = Create(name, objective);
        method.BeginEpoch(() => Features.Compute(method.Encoder, randint(0, 256, [Images, 3, 32, 32], dtype: ScalarType.Byte)), new RandomStream(0, RandomPurpose.Method, 2)); // clusters are made here
        method.call(BatchFor(name)).Loss.backward();
        // A bias right before a loss of directions may have a gradient near zero, never none.
        Assert.Multiple(() =>
        {
            Assert.That(
                method.named_parameters().Where(p => p.parameter.requires_grad && p.parameter.grad is null).Select(p => p.name), Is.Empty);
            Assert.That(
                method.named_parameters().Where(p => !p.parameter.requires_grad && p.parameter.grad is not null).Select(p => p.name), Is.Empty);
            Assert.That(method.Encoder.parameters(), Has.All.Matches<Tensor>(p => p is { requires_grad: true }));
            Assert.That(
                method.Encoder.parameters().Where(p => p.dim() > 1).Select(p => p.grad!.norm().ToDouble()), Has.All.Matches<double>(double.IsFinite).And.All.Positive);
        });
    }

    [TestCaseSource(nameof(All))]
    public void A_method_has_weights_without_gradient_only_if_it_has_a_teacher(string name, Objective objective)
    {
        using TwoViewMethod method = Create(name, objective);
        Assert.That(method.parameters().Any(p => !p.requires_grad), Is.EqualTo(HasSetting(name, "ema")));
    }

    [TestCaseSource(nameof(Names))]
    public void Native_and_er_forms_report_the_same_terms_and_only_the_loss_differs(string name)
    {
        using TwoViewMethod er = Create(name, Objective.Er), native = Create(name, Objective.Native);
        native.load_state_dict(er.state_dict());
        ViewBatch batch = BatchFor(name);
        MethodTerms erTerms = er.call(batch), nativeTerms = native.call(batch);
        Assert.Multiple(() =>
        {
            Assert.That(nativeTerms.Entropy.ToDouble(), Finite.Near(erTerms.Entropy.ToDouble(), 1e-4));
            Assert.That(nativeTerms.Reconstruction.ToDouble(), Finite.Near(erTerms.Reconstruction.ToDouble(), 1e-4));
            Assert.That(nativeTerms.MutualInformationBound.ToDouble(), Finite.Near(erTerms.MutualInformationBound.ToDouble(), 1e-4));
            Assert.That(erTerms.Loss.ToDouble(), Finite.Near(erTerms.Reconstruction.ToDouble() - erTerms.Entropy.ToDouble(), 1e-4));
            Assert.That(erTerms.MutualInformationBound.ToDouble(), Finite.AtMost(Math.Log(Math.Max(BatchSize, Prototypes)) + 1e-4));
            Assert.That(nativeTerms.Loss.ToDouble(), Finite.GreaterThan(0));
            // Of DINO and DeepCluster the native loss is the reconstruction, and comes from the same call as the entropy.
            Assert.That(nativeTerms.Entropy.requires_grad, Is.EqualTo(name is "dino" or "deepcluster"));
        });
    }

    [TestCaseSource(nameof(All))]
    public void A_step_leaves_only_its_terms_alive(string name, Objective objective)
    {
        using TwoViewMethod method = Create(name, objective);
        ViewBatch batch = BatchFor(name);
        method.call(batch).Loss.backward(); // gradients come alive here
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            MethodTerms terms = method.call(batch);
            HashSet<IntPtr> handles = [terms.Loss.Handle, terms.Entropy.Handle, terms.Reconstruction.Handle, terms.MutualInformationBound.Handle];
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive + handles.Count));
        }
        method.AfterStep(0.5);
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    [TestCaseSource(nameof(All))]
    public void Beginning_an_epoch_leaves_nothing_alive_and_the_order_visits_training_images(string name, Objective objective)
    {
        using TwoViewMethod method = Create(name, objective);
        Tensor pixels = randint(0, 256, [Images, 3, 32, 32], dtype: ScalarType.Byte);
        method.train();
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        method.BeginEpoch(() => Features.Compute(method.Encoder, pixels), new RandomStream(0, RandomPurpose.Method, 2));
        long[] order = method.Order(Images, new RandomStream(0, RandomPurpose.Method, 3));
        Assert.Multiple(() =>
        {
            Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
            Assert.That(order, Has.Length.EqualTo(Images).And.All.InRange(0, Images - 1));
            Assert.That(method.training, Is.True);
        });
    }

    [TestCaseSource(nameof(All))]
    public void Outputs_are_unit_rows_and_of_discrete_methods_distributions_too(string name, Objective objective)
    {
        using TwoViewMethod method = Create(name, objective);
        method.eval();
        method.BeginEpoch(() => Features.Compute(method.Encoder, randint(0, 256, [Images, 3, 32, 32], dtype: ScalarType.Byte)), new RandomStream(0, RandomPurpose.Method, 2));
        MethodOutputs outputs = method.Project(method.Encoder.call(Batch().View1));
        Assert.Multiple(() =>
        {
            Assert.That(outputs.Embeddings.norm(1).data<float>().ToArray(), Has.All.EqualTo(1).Within(1e-5));
            Assert.That(outputs.Probabilities is not null, Is.EqualTo(HasSetting(name, "prototypes")));
            Assert.That(outputs.Probabilities?.sum(1).data<float>().ToArray() ?? [1], Has.All.EqualTo(1).Within(1e-5));
        });
    }

    [TestCaseSource(nameof(Names))]
    public void A_method_outlives_the_scope_that_it_is_made_in_and_dies_with_its_disposal(string name)
    {
        long alive = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        TwoViewMethod method;
        using (NewDisposeScope())
        {
            method = Create(name, Objective.Er);
        }
        Assert.That(method.state_dict().Values, Has.All.Matches<Tensor>(weight => weight is { IsInvalid: false }));
        using (NewDisposeScope())
        {
            Assert.That(double.IsFinite(method.call(Batch()).Loss.ToDouble()));
        }
        method.Dispose();
        Assert.That(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, Is.EqualTo(alive));
    }

    /// <summary>A method of small heads and few prototypes.</summary>
    /// <param name="name">The method's.</param>
    /// <param name="objective">Which loss it trains with.</param>
    /// <param name="words">Other settings.</param>
    public static TwoViewMethod Create(string name, Objective objective, string words = "")
    {
        string teacher = HasSetting(name, "ema") ? "ema=0.9 ema_schedule=fixed" : "", form = objective.ToString().ToLowerInvariant();
        return Given.Settings($"method={name} objective={form} hidden_dimension=16 projection_dimension=12 {teacher} {words}", Prototypes)
            .Method.Create(() => new ConvNet(), Images);
    }

    private static bool HasSetting(string name, string word) => Registry.Default.Document.HasMeaning(Given.Settings($"method={name}"), word);

    /// <summary>Unit projections, as a step of training has them: (2k, d), the first view's before the second's.</summary>
    public static Tensor Projections(TwoViewMethod method, ViewBatch batch) => method.Project(method.Encoder.call(cat([batch.View1, batch.View2]))).Embeddings;

    /// <summary>Eight pairs of like views, and small crops of other images.</summary>
    public static ViewBatch Batch(int smallCrops = 0)
    {
        Tensor view = randn(BatchSize, 3, 32, 32);
        return new ViewBatch(
            view, view + 0.1 * randn(BatchSize, 3, 32, 32), arange(BatchSize, dtype: ScalarType.Int64), smallCrops == 0 ? null : randn(smallCrops * BatchSize, 3, 16, 16));
    }

    /// <summary>A batch with small crops for a method that can train on some.</summary>
    private static ViewBatch BatchFor(string name) => Batch(HasSetting(name, "small_crops") ? 2 : 0);
}
