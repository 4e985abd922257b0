namespace ErLoss.SelfSupervised.Teachers;

/// <summary>
/// The coefficient m of a teacher's exponential moving average, teacher ← m·teacher + (1 − m)·student, over a run: fixed, or rising to one
/// along half a cosine (Grill et al., "Bootstrap your own latent", NeurIPS 2020, section 3.2).
/// </summary>
/// <param name="Start">At the first step, in [0, 1].</param>
/// <param name="RisesToOne">Whether it rises.</param>
public readonly record struct TeacherMomentum(double Start, bool RisesToOne)
{
    /// <summary>The coefficient when <paramref name="progress"/>, in [0, 1], of the run is done: the number of the step divided by the number of all steps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The progress or <see cref="Start"/> is not in [0, 1].</exception>
    public double At(double progress)
    {
        Arguments.CheckFraction(Start);
        Arguments.CheckFraction(progress);
        return RisesToOne ? 1 - (1 - Start) * (Math.Cos(Math.PI * progress) + 1) / 2 : Start;
    }
}
