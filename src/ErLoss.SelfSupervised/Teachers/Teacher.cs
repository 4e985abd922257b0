using ErLoss.SelfSupervised.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.SelfSupervised.Teachers;

/// <summary>A network that is not trained but follows another of the same make, its student.</summary>
public static class Teacher
{
    /// <summary>Makes a network the teacher of another: the same weights, which take no gradient.</summary>
    public static void Create(Module teacher, Module student)
    {
        teacher.load_state_dict(student.state_dict());
        foreach (Parameter weight in teacher.parameters())
        {
            weight.requires_grad = false;
        }
    }

    /// <summary>
    /// Moves each of the teacher's weights to <paramref name="momentum"/>·teacher + (1 − <paramref name="momentum"/>)·student.
    /// Running statistics are the teacher's own.
    /// </summary>
    public static void Follow(Module teacher, Module student, double momentum)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        ListOperators.Lerp([.. teacher.parameters()], [.. student.parameters()], 1 - momentum);
    }
}
