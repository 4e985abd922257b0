namespace ErLoss.Training;

/// <summary>Who keeps a run's state where it outlives the process. Called on the training thread.</summary>
internal interface IStateKeeper
{
    /// <summary>Whether to save in the midst of an epoch; asked after each of its steps.</summary>
    bool IsDue { get; }

    /// <summary>Keeps a state; when this returns, the run can go on from it whatever happens to the process.</summary>
    void Save(TrainingState state);
}
