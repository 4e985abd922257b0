using ErLoss.Modules.Distributed;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.Training.Settings;

namespace ErLoss.Training.Methods;

/// <summary>What a method is made from, and what is published of it. A method's own record derives from it, in the method's file, with a constructor without parameters.</summary>
internal abstract record MethodSettings : Section
{
    /// <summary>Which loss it trains with.</summary>
    [Setting("Loss: entropy-reconstruction (er), or that of the method's own paper (native).")]
    public Objective Objective { get; init; } = Objective.Er;

    /// <summary>The method's name as papers write it.</summary>
    public abstract string Title { get; }

    /// <summary>What the paper found of its stability, by objective; empty of a method that its table leaves out.</summary>
    public virtual IReadOnlyDictionary<Objective, PublishedStability> Stability => new Dictionary<Objective, PublishedStability>();

    /// <summary>Published settings by name.</summary>
    public virtual IReadOnlyDictionary<string, Preset> Presets => new Dictionary<string, Preset>();

    /// <summary>The title with the loss that is trained with: "SimCLR", or "SimCLR+ER".</summary>
    public string TitleWith(Objective objective) => objective == Objective.Er ? $"{Title}+ER" : Title;

    /// <summary>A fresh method, its weights drawn from the global generator.</summary>
    /// <param name="makeEncoder">Gives an encoder; asked for a second one where the method has a teacher.</param>
    /// <param name="images">Number of training images.</param>
    /// <param name="group">The ranks that train it together; null if one process trains it.</param>
    public abstract TwoViewMethod Create(Func<Encoder> makeEncoder, int images, ProcessGroup? group = null);
}
