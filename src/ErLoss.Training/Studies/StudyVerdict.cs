namespace ErLoss.Training.Studies;

/// <summary>What the seeds of a study say to a question whose answer is yes if a quantity is above zero.</summary>
internal enum StudyVerdict
{
    /// <summary>There is nothing to judge by: no seed was trained to its end.</summary>
    None,

    /// <summary>There is one seed, and so no interval over seeds.</summary>
    OneSeed,

    /// <summary>Zero is in the 95% interval over seeds, or there is no such interval because all seeds come to the same value.</summary>
    NotToldApart,

    /// <summary>The whole interval is above zero.</summary>
    Yes,

    /// <summary>The whole interval is below zero.</summary>
    No,
}

/// <summary>Judging.</summary>
internal static class StudyVerdicts
{
    /// <summary>The verdict on a quantity.</summary>
    public static StudyVerdict On(Measure measure) => measure switch
    {
        { Seeds: 0 } => StudyVerdict.None,
        { Seeds: 1 } => StudyVerdict.OneSeed,
        { Interval.Low: > 0 } => StudyVerdict.Yes,
        { Interval.High: < 0 } => StudyVerdict.No,
        _ => StudyVerdict.NotToldApart,
    };

    /// <summary>As study.json and tables say it.</summary>
    public static string Words(this StudyVerdict verdict) => verdict switch
    {
        StudyVerdict.Yes => "yes",
        StudyVerdict.No => "no",
        StudyVerdict.NotToldApart => "not told apart",
        StudyVerdict.OneSeed => "one seed",
        _ => "no result",
    };
}
