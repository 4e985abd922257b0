using ErLoss.Training.Settings;

namespace ErTraining.Tests.Settings;

/// <summary>A document of two kinds, as small as shows everything.</summary>
internal sealed record Toy : Section
{
    [Setting("Fuel.")]
    public Engine Engine { get; init; } = new Petrol();

    public Wheels Wheels { get; init; } = new();

    [Setting("Seats.", Least = 1, Most = 5)]
    public int Seats { get; init; } = 4;

    [Setting("Owner.", Placeholder = "NAME", DecidesResult = false)]
    public string? Owner { get; init; }

    /// <summary>The door for it.</summary>
    public static Document<Toy> Door { get; } = new([new(typeof(Engine), "petrol", typeof(Petrol)), new(typeof(Engine), "electric", typeof(Electric))]);
}

internal enum Drive
{
    Front,
    AllWheels,
}

internal abstract record Engine([property: Setting("Power.", Above = 0)] double Power) : Section;

internal sealed record Petrol() : Engine(70)
{
    [Setting("Turbo.")]
    public bool Turbo { get; init; }

    [Setting("Pressure.", Least = 0, GoesWith = "turbo true")]
    public double Pressure { get; init; } = 1.5;
}

internal sealed record Electric() : Engine(100)
{
    [Setting("Range.", WhenNull = "the battery's")]
    public int? Range { get; init; }
}

internal sealed record Wheels : Section
{
    [Setting("Driven wheels.")]
    public Drive Drive { get; init; }

    [Setting("Size.", Least = 1e-6, Most = 1e6)]
    public double Size { get; init; } = 16;

    public override IEnumerable<Conflict> Conflicts() =>
        Drive == Drive.AllWheels && Size > 20 ? [new(nameof(Size), "is above 20, which does not go with drive allwheels")] : [];
}
