using ErLoss.Training.Data;
using ErTraining.Terminal;

namespace ErTraining.Commands;

/// <summary>Loads the images of a command and shows how far that is.</summary>
internal static class RunImages
{
    /// <summary>As <see cref="DataSource.Load"/>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageData Load(DataSettings settings, int seed, CancellationToken cancellation)
    {
        using var work = new WorkLine(settings.Source == DataSource.Synthetic ? "drawing images" : "reading images");
        return DataSource.Load(settings, seed, new Loading(work, cancellation));
    }
}
