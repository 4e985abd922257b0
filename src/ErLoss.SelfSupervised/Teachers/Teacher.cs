using ErLoss.SelfSupervised.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Teachers;

/// <summary>A network that is not trained but follows another of the same make, its student, by an exponential moving average of weights.</summary>
/// <remarks>
/// The teacher is a module like any other: it is saved with <c>state_dict</c>, and is moved to another device with <c>to</c>. <see cref="TeacherMomentum"/> is the schedule of the momentum.
/// </remarks>
public static class Teacher
{
    /// <summary>Makes a teacher of a student: a network with the same weights and buffers, on the same device, each of its modules in the same mode, whose weights take no gradient.</summary>
    /// <param name="student">The network that is trained.</param>
    /// <param name="make">Makes a network of the same architecture, as TorchSharp cannot copy a module. The global random number generator of the CPU is left as it was.</param>
    /// <exception cref="ArgumentException">The new network shares a tensor with the student, or has other weights or buffers; the message names the first that does.</exception>
    public static TModule Create<TModule>(TModule student, Func<TModule> make)
        where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(make);
        TModule teacher = DefaultGenerator.Preserve(make) ?? throw new ArgumentException("It made nothing; a network is wanted.", nameof(make));
        using var scope = NewDisposeScope(); // opened only now, since it would dispose of weights that were made in it
        Parameter[] weights = [.. student.parameters()], fresh = [.. teacher.parameters()];
        if (weights.DistinctBy(weight => (weight.device_type, weight.device_index)).Count() == 1)
        {
            teacher.to(weights[0].device);
        }
        if (weights.DistinctBy(weight => weight.dtype).Count() == 1 && weights[0].is_floating_point() && fresh.Any(weight => weight.dtype != weights[0].dtype))
        {
            teacher.to(weights[0].dtype);
        }
        Create(teacher, student);
        teacher.train(student.training);
        Dictionary<string, Module> parts = student.named_modules().ToDictionary(part => part.name, part => part.module);
        foreach ((string name, Module slow) in teacher.named_modules())
        {
            if (parts.TryGetValue(name, out Module? fast))
            {
                slow.train(fast.training); // a module comes before its parts, whose mode this sets too
            }
        }
        return teacher;
    }

    /// <summary>Makes a network the teacher of another: it gets the same weights and buffers, and its weights take no gradient.</summary>
    /// <param name="teacher">A network of the student's architecture, which is changed.</param>
    /// <param name="student">The network that is trained.</param>
    /// <exception cref="ArgumentException">The two share a tensor, or their weights or buffers differ in name or shape, device or type; the message names the first that does.</exception>
    public static void Create(Module teacher, Module student)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(student);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach ((Tensor slow, Tensor fast) in Pairs(Weights(teacher), Weights(student)).Concat(Pairs(Buffers(teacher), Buffers(student))))
        {
            slow.copy_(fast);
        }
        foreach (Parameter weight in teacher.parameters())
        {
            weight.requires_grad = false;
        }
    }

    /// <summary>
    /// Moves each of the teacher's weights to <paramref name="momentum"/>·teacher + (1 − <paramref name="momentum"/>)·student: once after each step of the optimizer.
    /// </summary>
    /// <remarks>In half precision a step of (1 − <paramref name="momentum"/>) times the distance is often rounded to nothing; keep the weights of teacher and student in float32.</remarks>
    /// <param name="teacher">The network that follows.</param>
    /// <param name="student">The network that is trained.</param>
    /// <param name="momentum">From 0, the student's weights, to 1, no change.</param>
    /// <param name="buffers">What becomes of running statistics and other buffers.</param>
    /// <exception cref="ArgumentException">The two share a tensor, or their weights or buffers differ in name or shape, device or type; the message names the first that does.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1], or <paramref name="buffers"/> is no member of the enumeration.</exception>
    public static void Follow(Module teacher, Module student, double momentum, TeacherBuffers buffers = TeacherBuffers.Own)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(student);
        Arguments.CheckFraction(momentum);
        Arguments.CheckEnum(buffers);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        (Tensor, Tensor)[] weights = Pairs(Weights(teacher), Weights(student));
        (Tensor, Tensor)[] others = buffers == TeacherBuffers.Own ? [] : Pairs(Buffers(teacher), Buffers(student));
        Average(weights, momentum);
        Average(others, buffers == TeacherBuffers.Averaged ? momentum : 0);
    }

    /// <summary>In one call for all tensors of a type; whole numbers are copied.</summary>
    private static void Average((Tensor Slow, Tensor Fast)[] pairs, double momentum)
    {
        foreach (var group in pairs.GroupBy(pair => pair.Slow.dtype))
        {
            Tensor first = group.First().Slow;
            if (momentum != 0 && (first.is_floating_point() || first.is_complex()))
            {
                ListOperators.Lerp([.. group.Select(pair => pair.Slow)], [.. group.Select(pair => pair.Fast)], 1 - momentum);
                continue;
            }
            foreach ((Tensor slow, Tensor fast) in group)
            {
                slow.copy_(fast);
            }
        }
    }

    /// <summary>Tensors of the same names, checked to be alike: libtorch's operators on lists check little.</summary>
    private static (Tensor Slow, Tensor Fast)[] Pairs((string Name, Tensor Tensor)[] teacher, (string Name, Tensor Tensor)[] student)
    {
        for (int i = 0; i < Math.Max(teacher.Length, student.Length); i++)
        {
            if (i >= teacher.Length || i >= student.Length || !AreAlike(teacher[i], student[i]))
            {
                throw new ArgumentException(
                    $"Teacher and student differ: {Describe(teacher, i)} against {Describe(student, i)}. Two networks of one architecture, type and device are wanted.", nameof(teacher));
            }
            if (ReferenceEquals(teacher[i].Tensor, student[i].Tensor))
            {
                throw new ArgumentException($"Teacher and student have one tensor in common, {teacher[i].Name}; two networks that share nothing are wanted.", nameof(teacher));
            }
        }
        return [.. teacher.Zip(student, (slow, fast) => (slow.Tensor, fast.Tensor))];
    }

    // Every step asks this of every weight, and each question is a native call. Which of several GPUs it is libtorch checks itself.
    private static bool AreAlike((string Name, Tensor Tensor) one, (string Name, Tensor Tensor) other) =>
        one.Name == other.Name
        && one.Tensor.dtype == other.Tensor.dtype
        && one.Tensor.device_type == other.Tensor.device_type
        && one.Tensor.shape.AsSpan().SequenceEqual(other.Tensor.shape);

    private static string Describe((string Name, Tensor Tensor)[] entries, int index) => index < entries.Length && entries[index] is var (name, tensor)
        ? $"{name} {Arguments.ShapeOf(tensor)}, {tensor.dtype} on {tensor.device}"
        : "nothing";

    private static (string, Tensor)[] Weights(Module module) => [.. module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))];

    private static (string, Tensor)[] Buffers(Module module) => [.. module.named_buffers().Select(entry => (entry.name, entry.buffer))];
}
