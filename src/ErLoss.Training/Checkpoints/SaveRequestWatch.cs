namespace ErLoss.Training.Checkpoints;

/// <summary>What a rank has in place of a <see cref="StateFolder"/> if another rank keeps the state: it passes requests to save on, by being due.</summary>
internal sealed class SaveRequestWatch : IStateKeeper
{
    private int _requestsAnswered = SaveRequests.Count;

    /// <inheritdoc/>
    public bool IsDue => SaveRequests.Count != _requestsAnswered;

    /// <summary>The other rank saves now.</summary>
    public void Save(TrainingState state) => _requestsAnswered = SaveRequests.Count;
}
