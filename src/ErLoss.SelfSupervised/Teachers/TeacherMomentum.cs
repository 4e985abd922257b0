namespace ErLoss.SelfSupervised.Teachers;

/// <summary>
/// The coefficient m of a teacher's exponential moving average, teacher ← m·teacher + (1 − m)·student, over a schedule of training: fixed, or rising to one
/// along half a cosine (Grill et al., "Bootstrap your own latent", NeurIPS 2020, section 3.2).
/// </summary>
/// <param name="Start">At the first step, in [0, 1].</param>
/// <param name="RisesToOne">Whether it rises.</param>
public readonly record struct TeacherMomentum(double Start, bool RisesToOne)
{
    /// <summary>The coefficient at a step of the current schedule. A run that is extended begins another schedule, and the coefficient starts from <see cref="Start"/> again.</summary>
    /// <param name="progress">The steps taken since the schedule began, divided by the number of all its steps; in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The progress or <see cref="Start"/> is not in [0, 1].</exception>
    public double At(double progress)
    {
        Arguments.CheckFraction(Start);
        Arguments.CheckFraction(progress);
        return RisesToOne ? 1 - (1 - Start) * (Math.Cos(Math.PI * progress) + 1) / 2 : Start;
    }
}
