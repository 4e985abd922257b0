using ErLoss.SelfSupervised.Operators;
using ErLoss.Training.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using ParameterState = TorchSharp.Modules.OptimizerState;

namespace ErTraining.Tests.Optimization;

/// <summary>The fused optimizers against TorchSharp's own, over steps whose learning rate changes and in which a weight may lack its gradient.</summary>
[TestFixture(ScalarType.Float32, 2e-6)]
[TestFixture(ScalarType.Float64, 1e-14)]
internal sealed class FusedOptimizersTests(ScalarType type, double tolerance)
{
    private const double Rate = 0.05, Momentum = 0.9, WeightDecay = 0.1;

    /// <summary>Long enough for vectorised kernels, for more than one thread, and for what is left over.</summary>
    private static readonly long[][] s_shapes = [[67, 301], [8, 5, 3, 3], [16, 8, 1, 1], [1, 7], [301], [8], []];

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(60)]
    public void AdamW_moves_as_TorchSharp_s_does(int steps)
    {
        using var scope = NewDisposeScope();
        (Parameter[] weights, Parameter[] twins) = Twins();
        using var fused = new FusedAdamW([Group(weights, true), Group(weights, false)], Rate);
        using AdamW plain = optim.AdamW([Group(twins, true), Group(twins, false)], Rate);
        Step(steps, fused, plain, weights, twins);
        AssertEqual(weights, twins, fused, plain);

        static AdamW.ParamGroup Group(Parameter[] of, bool decays) => new(Decaying(of, decays), Rate, weight_decay: decays ? WeightDecay : 0);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(60)]
    public void SGD_moves_as_TorchSharp_s_does(int steps)
    {
        using var scope = NewDisposeScope();
        (Parameter[] weights, Parameter[] twins) = Twins();
        using var fused = new FusedSgd([Group(weights, true), Group(weights, false)], Rate, Momentum);
        using SGD plain = optim.SGD([Group(twins, true), Group(twins, false)], Rate, Momentum);
        Step(steps, fused, plain, weights, twins);
        AssertEqual(weights, twins, fused, plain);

        static SGD.ParamGroup Group(Parameter[] of, bool decays) => new(Decaying(of, decays), Rate, Momentum, weight_decay: decays ? WeightDecay : 0);
    }

    /// <summary>A learnt κ is float64 among float32 weights; CUDA's operators refuse lists of two types.</summary>
    [TestCase("adamw")]
    [TestCase("sgd")]
    [TestCase("lars")]
    public void Weights_of_two_types_move_alike(string kind)
    {
        using var scope = NewDisposeScope();
        var module = new TwoTypes();
        using optim.Optimizer optimizer = Given.Settings($"optimizer={kind} learning_rate={Rate}").Optimizer.Create(module);
        for (int step = 0; step < 2; step++)
        {
            module.single.grad = full_like(module.single, 0.5);
            module.wide.grad = full_like(module.wide, 0.5);
            optimizer.step();
        }
        Assert.Multiple(() =>
        {
            Assert.That(module.wide.ToDouble(), Is.Not.EqualTo(1).Within(1e-3), "it did not move");
            Assert.That(module.single.ToDouble(), Is.EqualTo(module.wide.ToDouble()).Within(1e-6));
        });
    }

    [Test]
    public void A_list_of_two_types_is_refused()
    {
        using var scope = NewDisposeScope();
        Tensor[] mixed = [zeros(3, dtype: ScalarType.Float32), zeros(3, dtype: ScalarType.Float64)];
        Assert.That(() => ListOperators.Lerp(mixed, mixed, 0.5), Throws.ArgumentException.With.Message.Contains("of several types"));
    }

    [TestCase("adamw")]
    [TestCase("sgd")]
    [TestCase("lars")]
    public void The_layout_of_a_gradient_or_of_a_weight_makes_no_difference(string kind)
    {
        using var scope = NewDisposeScope();
        Tensor start = randn(8, 5, 3, 3, dtype: type), gradient = randn(8, 5, 3, 3, dtype: type);
        var results = new List<Tensor>();
        foreach ((bool weightIsChannelsLast, bool gradientIsChannelsLast) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var module = new OneWeight(Laid(start.clone(), weightIsChannelsLast));
            using optim.Optimizer optimizer = Given.Settings($"optimizer={kind} learning_rate={Rate} weight_decay={WeightDecay}").Optimizer.Create(module);
            for (int step = 0; step < 3; step++)
            {
                module.weight.grad = Laid(gradient * (step + 1), gradientIsChannelsLast);
                optimizer.step();
            }
            results.Add(module.weight.detach().contiguous());
        }
        Assert.Multiple(() =>
        {
            Assert.That((results[0] - start).abs().max().ToDouble(), Is.GreaterThan(1e-4), "the weight did not move");
            foreach (Tensor result in results)
            {
                Assert.That((result - results[0]).abs().max().ToDouble(), Is.EqualTo(0).Within(tolerance));
            }
        });
    }

    [TestCase("adamw")]
    [TestCase("sgd")]
    [TestCase("lars")]
    public void A_step_in_which_nothing_has_a_gradient_moves_nothing(string kind)
    {
        using var scope = NewDisposeScope();
        var module = new OneWeight(randn(3, 4, dtype: type));
        using optim.Optimizer optimizer = Given.Settings($"optimizer={kind} learning_rate={Rate}").Optimizer.Create(module);
        module.weight.grad = ones_like(module.weight);
        optimizer.step(); // so that there is momentum
        Tensor before = module.weight.detach().clone();
        module.zero_grad();
        optimizer.step();
        Assert.Multiple(() =>
        {
            Assert.That(module.weight.grad, Is.Null);
            Assert.That(module.weight.eq(before).all().ToBoolean(), Is.True);
        });
    }

    private static Tensor Laid(Tensor tensor, bool channelsLast) => channelsLast ? tensor.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : tensor;

    private static IEnumerable<Parameter> Decaying(Parameter[] weights, bool decays) => weights.Where(weight => weight.dim() > 1 == decays);

    private (Parameter[] Weights, Parameter[] Twins) Twins()
    {
        manual_seed(5);
        Parameter[] weights = [.. s_shapes.Select(shape => nn.Parameter(randn(shape, type)))];
        return (weights, [.. weights.Select(weight => nn.Parameter(weight.detach().clone()))]);
    }

    private void Step(int steps, optim.Optimizer fused, optim.Optimizer plain, Parameter[] weights, Parameter[] twins)
    {
        for (int step = 0; step < steps; step++)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                bool hasGradient = (step + i) % 5 != 4; // sometimes there is none
                weights[i].grad = hasGradient ? randn(s_shapes[i], type) * 0.3 : null;
                twins[i].grad = weights[i].grad?.clone();
            }
            foreach (optim.ILearningRateController group in fused.ParamGroups.Concat(plain.ParamGroups))
            {
                group.LearningRate = Rate / (step + 1);
            }
            fused.step();
            plain.step();
        }
    }

    private void AssertEqual(Parameter[] weights, Parameter[] twins, OptimizerHelper fused, OptimizerHelper plain) => Assert.Multiple(() =>
    {
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.That(Difference(weights[i], twins[i]), Is.EqualTo(0).Within(tolerance), $"weight {i}");
        }
        foreach ((ParameterState of, ParameterState wanted) in fused.state_dict().State.Zip(plain.state_dict().State))
        {
            switch (of, wanted)
            {
                case (AdamW.State adam, AdamW.State twin):
                    Assert.That(adam.step, Is.EqualTo(twin.step));
                    Assert.That(Difference(adam.exp_avg, twin.exp_avg), Is.EqualTo(0).Within(tolerance));
                    Assert.That(Difference(adam.exp_avg_sq, twin.exp_avg_sq), Is.EqualTo(0).Within(tolerance));
                    break;
                case (SGD.State sgd, SGD.State twin):
                    Assert.That(Difference(sgd.momentum_buffer, twin.momentum_buffer ?? zeros_like(sgd.momentum_buffer)), Is.EqualTo(0).Within(tolerance));
                    break;
            }
        }
    });

    /// <summary>The greatest, in units of the greatest element where that is not zero.</summary>
    private static double Difference(Tensor actual, Tensor wanted)
    {
        using var frozen = no_grad();
        double size = wanted.abs().max().ToDouble();
        return (actual - wanted).abs().max().ToDouble() / (size == 0 ? 1 : size);
    }

    private sealed class OneWeight : nn.Module
    {
        public readonly Parameter weight;

        public OneWeight(Tensor values)
            : base(nameof(OneWeight))
        {
            weight = new Parameter(values);
            RegisterComponents();
        }
    }

    private sealed class TwoTypes : nn.Module
    {
        public readonly Parameter single = new(ones([], dtype: ScalarType.Float32)), wide = new(ones([], dtype: ScalarType.Float64));

        public TwoTypes()
            : base(nameof(TwoTypes)) => RegisterComponents();
    }
}
