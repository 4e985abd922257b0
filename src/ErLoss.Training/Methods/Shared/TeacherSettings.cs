using ErLoss.SelfSupervised.Teachers;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>How slowly a teacher follows its student.</summary>
internal sealed record TeacherSettings : Section
{
    /// <summary>EMA coefficient of the teacher at the first step.</summary>
    [Setting("Coefficient of the teacher's exponential moving average (EMA) at the first step.", Least = 0, Most = 1)]
    public double Ema { get; init; } = 0.99;

    /// <summary>How the coefficient goes on from there.</summary>
    [Setting("Course of the EMA coefficient: cosine raises it to one, fixed keeps it. A study keeps it fixed unless this option is given.")]
    public EmaSchedule EmaSchedule { get; init; } = EmaSchedule.Cosine;

    /// <summary>The coefficient over a run.</summary>
    public TeacherMomentum Momentum() => new(Ema, RisesToOne: EmaSchedule == EmaSchedule.Cosine);
}
