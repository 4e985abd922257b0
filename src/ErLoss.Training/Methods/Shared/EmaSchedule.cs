namespace ErLoss.Training.Methods;

/// <summary>How the coefficient of a teacher's moving average goes over a run.</summary>
internal enum EmaSchedule
{
    /// <summary>From its start to one, along half a cosine.</summary>
    Cosine,

    /// <summary>Stays what it is.</summary>
    Fixed,
}
