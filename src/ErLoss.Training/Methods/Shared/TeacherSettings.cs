using ErLoss.SelfSupervised.Teachers;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>How slowly a teacher follows its student.</summary>
internal sealed record TeacherSettings : Section
{
    /// <summary>EMA coefficient of the teacher at the first step.</summary>
    [Setting("EMA coefficient of the teacher at the first step.", Least = 0, Most = 1)]
    public double Ema { get; init; } = 0.99;

    /// <summary>How the coefficient goes on from there.</summary>
    [Setting("How the coefficient goes on: to one along a cosine, or fixed. A study holds it fixed unless this is given.")]
    public EmaSchedule EmaSchedule { get; init; } = EmaSchedule.Cosine;

    /// <summary>The coefficient over a run.</summary>
    public TeacherMomentum Momentum() => new(Ema, RisesToOne: EmaSchedule == EmaSchedule.Cosine);
}
