using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using OptimizerState = ErLoss.Training.Optimization.OptimizerState;

namespace ErTraining.Tests.Optimization;

[TestFixture("adamw")]
[TestFixture("sgd")]
[TestFixture("lars")]
internal sealed class OptimizerStateTests(string kind)
{
    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [TestCase(0)]
    [TestCase(4)]
    public void Restored_into_a_fresh_optimizer_training_goes_on_to_the_last_bit(int stepsBefore)
    {
        using var scope = NewDisposeScope();
        using Sequential module = Module(), resumed = Module();
        using optim.Optimizer optimizer = Create(module);
        Train(module, optimizer, 0, stepsBefore);
        Dictionary<string, Tensor> saved = Copy(OptimizerState.Capture(optimizer, module));
        resumed.load_state_dict(Copy(module.state_dict()));
        Train(module, optimizer, stepsBefore, 3);

        using optim.Optimizer fresh = Create(resumed);
        using (NewDisposeScope())
        {
            OptimizerState.Restore(fresh, resumed, saved); // what it restores outlives the scope around it
        }
        Train(resumed, fresh, stepsBefore, 3);
        Assert.Multiple(() =>
        {
            Assert.That(Bits(resumed.state_dict()), Is.EqualTo(Bits(module.state_dict())));
            Assert.That(Bits(OptimizerState.Capture(fresh, resumed)), Is.EqualTo(Bits(OptimizerState.Capture(optimizer, module))));
        });
    }

    [Test]
    public void Without_the_state_training_goes_on_otherwise()
    {
        using var scope = NewDisposeScope();
        using Sequential module = Module(), resumed = Module();
        using optim.Optimizer optimizer = Create(module), fresh = Create(resumed);
        Train(module, optimizer, 0, 4);
        resumed.load_state_dict(Copy(module.state_dict()));
        Train(module, optimizer, 4, 1);
        Train(resumed, fresh, 4, 1);
        Assert.That(Bits(resumed.state_dict()), Is.Not.EqualTo(Bits(module.state_dict())));
    }

    [Test]
    public void Names_stand_in_the_order_of_the_parameters_that_are_trained()
    {
        using var scope = NewDisposeScope();
        using Sequential module = Module();
        module.parameters().Single(parameter => parameter.shape is [2, 4, 2, 2]).requires_grad = false;
        using optim.Optimizer optimizer = Create(module);
        string[] parameters = ["0.weight", "0.bias", "1.weight", "1.bias", "2.bias"];
        string[] quantities = kind == "adamw" ? ["step", "exp_avg", "exp_avg_sq"] : ["momentum_buffer"];
        Assert.That(
            OptimizerState.Capture(optimizer, module).Keys,
            Is.EqualTo(parameters.SelectMany(parameter => quantities.Select(quantity => $"{parameter}.{quantity}"))));
    }

    [Test]
    public void A_state_that_lacks_a_name_has_one_more_or_another_shape_or_type_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        using Sequential module = Module();
        using optim.Optimizer optimizer = Create(module);
        Train(module, optimizer, 0, 1);
        Dictionary<string, Tensor> state = Copy(OptimizerState.Capture(optimizer, module));
        byte[][] before = Bits(state);
        foreach (Tensor value in state.Values)
        {
            value.zero_();
        }
        string last = state.Keys.Last();
        Dictionary<string, Tensor> lacking = new(state), surplus = new(state), reshaped = new(state), retyped = new(state);
        lacking.Remove(last);
        surplus.Add("3.weight.momentum_buffer", zeros(1));
        reshaped[last] = zeros(7);
        retyped[last] = state[last].to_type(ScalarType.Float64);
        Assert.Multiple(() =>
        {
            Assert.That(() => OptimizerState.Restore(optimizer, module, lacking), Refused(last));
            Assert.That(() => OptimizerState.Restore(optimizer, module, surplus), Refused("3.weight.momentum_buffer"));
            Assert.That(() => OptimizerState.Restore(optimizer, module, reshaped), Refused("[7]"));
            Assert.That(() => OptimizerState.Restore(optimizer, module, retyped), Refused("Float64"));
            Assert.That(Bits(OptimizerState.Capture(optimizer, module)), Is.EqualTo(before));
        });

        static NUnit.Framework.Constraints.Constraint Refused(string says) =>
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(says).And.Message.Not.Contains("\n");
    }

    [Test]
    public void Steps_and_restoring_leave_no_tensor_alive_and_disposing_frees_all()
    {
        using var scope = NewDisposeScope();
        using Sequential module = Module();
        long before = LiveTensors;
        using (optim.Optimizer optimizer = Create(module))
        {
            Train(module, optimizer, 0, 1); // the momentum comes alive here
            long alive = LiveTensors;
            Train(module, optimizer, 1, 3);
            using (NewDisposeScope())
            {
                OptimizerState.Restore(optimizer, module, Copy(OptimizerState.Capture(optimizer, module)));
            }
            Assert.That(LiveTensors, Is.EqualTo(alive));
        }
        Assert.That(LiveTensors, Is.EqualTo(before));
    }

    private static Sequential Module()
    {
        manual_seed(3);
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 2));
    }

    private optim.Optimizer Create(Sequential module) => Given.Settings($"optimizer={kind} learning_rate=0.05 weight_decay=1e-3").Optimizer.Create(module);

    private static void Train(Sequential module, optim.Optimizer optimizer, int firstStep, int steps)
    {
        for (int step = firstStep; step < firstStep + steps; step++)
        {
            using var scope = NewDisposeScope();
            manual_seed(step);
            optimizer.zero_grad();
            module.call(randn(8, 1, 5, 5)).square().mean().backward();
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = 0.1 / (step + 1);
            }
            optimizer.step();
        }
    }

    private static Dictionary<string, Tensor> Copy(Dictionary<string, Tensor> state)
    {
        using var frozen = no_grad();
        return state.ToDictionary(entry => entry.Key, entry => entry.Value.clone());
    }

    private static byte[][] Bits(Dictionary<string, Tensor> state)
    {
        using var frozen = no_grad();
        return [.. state.Values.Select(value => value.contiguous().bytes.ToArray())];
    }
}
