namespace ErLoss.Training.Data;

/// <summary>How far the images of a run have been loaded, and whether somebody wants that to end. Any thread may count.</summary>
/// <param name="progress">Told of the share that is done, from 0 to 1.</param>
/// <param name="cancellation">Heeded at each image.</param>
internal sealed class LoadingProgress(IProgress<double>? progress, CancellationToken cancellation)
{
    private long _done, _all;

    /// <summary>Ends the loading when it is cancelled.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>Says how many images are to come.</summary>
    public void Expect(long images) => Interlocked.Add(ref _all, images);

    /// <summary>Counts an image that was loaded.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Count()
    {
        cancellation.ThrowIfCancellationRequested();
        long done = Interlocked.Increment(ref _done);
        progress?.Report((double)done / Interlocked.Read(ref _all));
    }
}
