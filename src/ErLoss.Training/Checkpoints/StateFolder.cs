using System.Diagnostics;
using System.Globalization;
using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Checkpoints;

/// <summary>The states of a run in a folder, <c>state-STEPS.safetensors</c>: the newest and, in case that is lost, the one before it.</summary>
/// <param name="path">The folder; made when there is something to keep.</param>
/// <param name="interval">How much of an epoch may be lost.</param>
internal sealed class StateFolder(string path, TimeSpan interval) : IStateKeeper
{
    private const string Prefix = "state-", Suffix = ".safetensors";

    private readonly Stopwatch _sinceSave = Stopwatch.StartNew();
    private int _requestsAnswered = SaveRequests.Count;
    private TrainingState? _last; // without its tensors

    /// <inheritdoc/>
    public bool IsDue => _sinceSave.Elapsed >= interval || SaveRequests.Count != _requestsAnswered;

    /// <summary>Whether a folder has states of a run, sound or not.</summary>
    public static bool HasStates(string path) => Files(path).Any();

    /// <inheritdoc/>
    /// <exception cref="IOException">It cannot be written. What was there is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Save(TrainingState state)
    {
        int requests = SaveRequests.Count;
        long steps = state.Position.StepsDone;
        Directory.CreateDirectory(path);
        StateFile.Write(PathOf(state), state);
        // A state of more steps has proved unsound, or this run would have gone on from it.
        IEnumerable<string> stale = Files(path).Where(file => file.Steps > steps)
            .Concat(Files(path).Where(file => file.Steps < steps).Skip(1))
            .Select(file => file.Path)
            .Concat(Directory.EnumerateFiles(path, Prefix + "*" + AtomicFile.TemporarySuffix));
        foreach (string file in stale.ToArray())
        {
            TryDelete(file);
        }
        _last = state.WithoutTensors();
        _sinceSave.Restart();
        _requestsAnswered = requests;
    }

    /// <summary>
    /// Leaves one state of a run that is over: the one that was saved or found last. Its tensors, three times the space of the weights, stay only where that is asked for; what else it holds
    /// is enough to give the run more epochs from its weights.
    /// </summary>
    /// <param name="keepsTensors">Whether weights and the optimizer's state stay in it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void End(bool keepsTensors)
    {
        if (_last is null)
        {
            return;
        }
        if (!keepsTensors)
        {
            StateFile.Write(PathOf(_last), _last);
        }
        foreach ((string file, _) in Files(path).Where(file => file.Steps != _last.Position.StepsDone).ToArray())
        {
            TryDelete(file);
        }
    }

    /// <summary>The newest state that is sound; null if there is none at all.</summary>
    /// <param name="onUnsound">Told of each newer one that is not, a line.</param>
    /// <exception cref="DataException">There are states, but none is sound.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">One may not be read.</exception>
    public TrainingState? Newest(Action<string> onUnsound)
    {
        bool hasAny = false;
        foreach ((string file, _) in Files(path))
        {
            try
            {
                TrainingState state = StateFile.Read(file);
                _last = state.WithoutTensors();
                return state;
            }
            catch (InvalidDataException e)
            {
                hasAny = true;
                onUnsound(e.Message);
            }
        }
        return hasAny ? throw new DataException($"{path}: no checkpoint here is sound; delete the folder to start from the beginning.") : null;
    }

    private string PathOf(TrainingState state) => Path.Combine(path, $"{Prefix}{state.Position.StepsDone:d9}{Suffix}");

    /// <summary>The states' files, of most steps first.</summary>
    private static IEnumerable<(string Path, long Steps)> Files(string path) =>
        !Directory.Exists(path)
            ? []
            : from file in Directory.GetFiles(path, Prefix + "*" + Suffix)
              let steps = StepsOf(Path.GetFileName(file))
              where steps is not null
              orderby steps descending
              select (file, steps.Value);

    private static long? StepsOf(string file) =>
        long.TryParse(file.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long steps) ? steps : null;

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody reads it; the next save tries again.
        }
    }
}
