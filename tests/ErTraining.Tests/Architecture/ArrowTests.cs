using System.Reflection;
using NetArchTest.Rules;

namespace ErTraining.Tests.Architecture;

/// <summary>Which room may use which, as the compiled assemblies have it. A room is a folder of a project and the namespace of that name.</summary>
internal sealed class ArrowTests
{
    /// <summary>Room by room, lowest first: those it uses. An arrow that is not here is forbidden, and one that nobody needs must not be here.</summary>
    private static readonly Dictionary<string, string[]> s_arrows = new()
    {
        ["ErLoss.SelfSupervised.Encoders"] = ["ErLoss.SelfSupervised", "ErLoss.SelfSupervised.Normalization", "ErLoss.SelfSupervised.Onnx"],
        ["ErLoss.SelfSupervised.Evaluation"] = ["ErLoss.SelfSupervised"],
        ["ErLoss.SelfSupervised.Gradients"] = ["ErLoss.SelfSupervised"],
        ["ErLoss.SelfSupervised.Normalization"] = ["ErLoss.Modules", "ErLoss.SelfSupervised"],
        ["ErLoss.SelfSupervised.Onnx"] = ["ErLoss.SelfSupervised", "ErLoss.SelfSupervised.Normalization"],
        ["ErLoss.SelfSupervised.Teachers"] = ["ErLoss.SelfSupervised", "ErLoss.SelfSupervised.Operators"],
        ["ErLoss.SelfSupervised.Weights"] = ["ErLoss.SelfSupervised", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.IO", "ErLoss.SelfSupervised.Onnx"],
        ["ErLoss.Training"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.Evaluation", "ErLoss.SelfSupervised.IO", "ErLoss.SelfSupervised.Normalization",
            "ErLoss.SelfSupervised.Weights", "ErLoss.Training.Compute", "ErLoss.Training.Data", "ErLoss.Training.Distributed", "ErLoss.Training.Encoders", "ErLoss.Training.Methods", "ErLoss.Training.Optimization",
            "ErLoss.Training.Randomness", "ErLoss.Training.Settings", "ErLoss.Training.Statistics", "ErLoss.Training.Views",
        ],
        ["ErLoss.Training.Checkpoints"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.IO", "ErLoss.SelfSupervised.Weights", "ErLoss.Training",
            "ErLoss.Training.Distributed",
        ],
        ["ErLoss.Training.Compute"] = ["ErLoss.Training.Settings"],
        ["ErLoss.Training.Data"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.IO", "ErLoss.Training.Compute", "ErLoss.Training.Distributed",
            "ErLoss.Training.Randomness", "ErLoss.Training.Settings",
        ],
        ["ErLoss.Training.Embeddings"] = ["ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.IO", "ErLoss.Training.Data"],
        ["ErLoss.Training.Distributed"] = ["ErLoss.Modules"],
        ["ErLoss.Training.Encoders"] = ["ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.Weights", "ErLoss.Training.Settings"],
        ["ErLoss.Training.Methods"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.Normalization", "ErLoss.SelfSupervised.Teachers", "ErLoss.Training.Distributed",
            "ErLoss.Training.Randomness", "ErLoss.Training.Settings", "ErLoss.Training.Views",
        ],
        ["ErLoss.Training.Optimization"] = ["ErLoss.SelfSupervised.Operators", "ErLoss.Training.Settings"],
        ["ErLoss.Training.Runs"] = ["ErLoss.SelfSupervised.IO", "ErLoss.Training", "ErLoss.Training.Checkpoints", "ErLoss.Training.Methods"],
        ["ErLoss.Training.Studies"] =
        [
            "ErLoss.SelfSupervised.IO", "ErLoss.Training", "ErLoss.Training.Checkpoints", "ErLoss.Training.Compute", "ErLoss.Training.Data",
            "ErLoss.Training.Methods", "ErLoss.Training.Optimization", "ErLoss.Training.Runs", "ErLoss.Training.Settings", "ErLoss.Training.Statistics",
        ],
        ["ErLoss.Training.Views"] = ["ErLoss.SelfSupervised.Encoders", "ErLoss.Training.Distributed", "ErLoss.Training.Settings"],
        ["ErTraining"] =
        [
            "ErLoss.Training", "ErLoss.Training.Compute", "ErLoss.Training.Studies", "ErTraining.CommandLine",
            "ErTraining.Commands", "ErTraining.Libtorch", "ErTraining.Ranks", "ErTraining.Terminal",
        ],
        ["ErTraining.CommandLine"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.IO", "ErLoss.Training", "ErLoss.Training.Compute",
            "ErLoss.Training.Distributed", "ErLoss.Training.Methods", "ErLoss.Training.Settings", "ErLoss.Training.Studies", "ErTraining.Terminal",
        ],
        ["ErTraining.Commands"] =
        [
            "ErLoss.Modules", "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.Evaluation", "ErLoss.SelfSupervised.IO", "ErLoss.SelfSupervised.Weights",
            "ErLoss.Training", "ErLoss.Training.Checkpoints", "ErLoss.Training.Compute", "ErLoss.Training.Data", "ErLoss.Training.Distributed",
            "ErLoss.Training.Embeddings", "ErLoss.Training.Encoders", "ErLoss.Training.Methods", "ErLoss.Training.Runs", "ErLoss.Training.Settings",
            "ErLoss.Training.Studies", "ErTraining.CommandLine", "ErTraining.Libtorch", "ErTraining.Ranks", "ErTraining.Reports", "ErTraining.Terminal",
        ],
        ["ErTraining.Libtorch"] = ["ErLoss.SelfSupervised.IO"],
        ["ErTraining.Ranks"] =
        [
            "ErLoss.Modules", "ErLoss.Training.Compute", "ErLoss.Training.Distributed", "ErLoss.Training.Studies", "ErTraining.CommandLine", "ErTraining.Terminal",
        ],
        ["ErTraining.Reports"] =
        [
            "ErLoss.SelfSupervised.Encoders", "ErLoss.SelfSupervised.Evaluation", "ErLoss.SelfSupervised.IO", "ErLoss.Training", "ErLoss.Training.Data",
            "ErLoss.Training.Methods", "ErLoss.Training.Randomness", "ErLoss.Training.Runs", "ErLoss.Training.Settings", "ErLoss.Training.Statistics",
            "ErLoss.Training.Studies", "ErLoss.Training.Views",
        ],
        ["ErTraining.Terminal"] =
        [
            "ErLoss.SelfSupervised.Evaluation", "ErLoss.Training", "ErLoss.Training.Checkpoints", "ErLoss.Training.Runs", "ErLoss.Training.Statistics",
            "ErLoss.Training.Studies",
        ],
    };

    private const string Loss = "ErLoss.Modules";

    private static readonly Assembly[] s_assemblies =
    [
        typeof(ErLoss.Modules.EntropyReconstructionLoss).Assembly,
        typeof(ErLoss.SelfSupervised.Encoders.Encoder).Assembly,
        typeof(ErLoss.Training.Trainer).Assembly,
        typeof(Harness).Assembly,
    ];

    private static readonly Lazy<IReadOnlyDictionary<string, string[]>> s_found = new(Find);

    [Test]
    public void Every_arrow_is_allowed_and_every_allowed_one_is_needed()
    {
        Assert.That(Lines(s_found.Value), Is.EqualTo(Lines(s_arrows)));

        static string[] Lines(IReadOnlyDictionary<string, string[]> arrows) =>
            [.. from room in arrows from other in room.Value let line = $"{room.Key} → {other}" orderby line select line];
    }

    [Test]
    public void No_arrows_go_round_in_a_circle()
    {
        var left = s_found.Value.ToDictionary(room => room.Key, room => room.Value.ToHashSet());
        while (left.FirstOrDefault(room => room.Value.Count == 0).Key is { } lowest)
        {
            left.Remove(lowest);
            foreach (HashSet<string> others in left.Values)
            {
                others.Remove(lowest);
            }
        }
        Assert.That(left.Keys, Is.Empty, "these rooms use each other");
    }

    private static Dictionary<string, string[]> Find()
    {
        ILookup<string, Type> rooms = s_assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Namespace?.StartsWith("Er", StringComparison.Ordinal) == true && !type.IsNested)
            .ToLookup(Room);
        var types = Types.InAssemblies(s_assemblies); // read once: that takes longer than a question
        return rooms.ToDictionary(room => room.Key, room => rooms
            .Where(other => other.Key != room.Key && Uses(room.Key, other))
            .Select(other => other.Key)
            .ToArray());

        bool Uses(string room, IEnumerable<Type> other) => types
            .That().ResideInNamespaceMatching(room == Loss ? $"^{Loss}" : $"^{room}$")
            .And().HaveDependencyOnAny([.. other.Select(type => type.FullName!)])
            .GetTypes().Any();
    }

    /// <summary>All of the loss is one room here; it keeps its own order.</summary>
    private static string Room(Type type) => type.Namespace!.StartsWith(Loss, StringComparison.Ordinal) ? Loss : type.Namespace;
}
