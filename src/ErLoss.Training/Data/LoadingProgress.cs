using ErLoss.Training.Settings;

namespace ErLoss.Training.Data;

/// <summary>How far the images of a run have been loaded, and whether somebody wants that to end. Any thread may count.</summary>
/// <param name="progress">Told of the share that is done, from 0 to 1.</param>
/// <param name="cancellation">Heeded at each image.</param>
/// <param name="nameOf">What messages call a setting, given its word; <see cref="SettingName"/> if null.</param>
internal sealed class LoadingProgress(IProgress<double>? progress, CancellationToken cancellation, Func<string, string>? nameOf = null)
{
    private long _done, _all;

    /// <summary>What messages call a setting, given its word: an option where the images are wanted by a command line.</summary>
    public Func<string, string> NameOf { get; } = nameOf ?? SettingName.Of;

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
