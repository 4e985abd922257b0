using System.Text.Json;
using ErLoss.Training.Settings;

namespace ErTraining.Tests.Settings;

internal sealed class DocumentTests
{
    [Test]
    public void Words_change_kinds_first_and_then_settings()
    {
        Toy toy = With("range=300 engine=electric seats=2 drive=allwheels owner=me");
        Assert.That(toy, Is.EqualTo(new Toy { Engine = new Electric { Range = 300 }, Seats = 2, Wheels = new() { Drive = Drive.AllWheels }, Owner = "me" }));
    }

    [Test]
    public void Another_kind_starts_from_its_own_defaults_and_the_same_one_goes_on()
    {
        Toy strong = With("power=200");
        Assert.Multiple(() =>
        {
            Assert.That(Toy.Door.With(strong, Given.Words("engine=electric")).Engine.Power, Is.EqualTo(100));
            Assert.That(Toy.Door.With(strong, Given.Words("engine=petrol")).Engine.Power, Is.EqualTo(200));
            Assert.That(strong.Engine.Power, Is.EqualTo(200), "it is not changed");
        });
    }

    [TestCase("seats=0", "seats", "seats is 0; a whole number from 1 to 5 is wanted")]
    [TestCase("seats=6", "seats", "seats is 6; a whole number from 1 to 5 is wanted")]
    [TestCase("seats=1.5", "seats", "seats is 1.5; a whole number")]
    [TestCase("power=0", "power", "engine.power is 0; a positive number is wanted")]
    [TestCase("power=NaN", "power", "engine.power is NaN; a positive number is wanted")]
    [TestCase("power=1e999", "power", "engine.power is 1e999; a positive number up to 1.7976931348623157E+308 is wanted")]
    [TestCase("size=0", "size", "wheels.size is 0; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("drive=rear", "drive", "wheels.drive is 'rear'; one of front, allwheels is wanted")]
    [TestCase("engine=steam", "engine", "engine.name is 'steam'; one of petrol, electric is wanted")]
    [TestCase("owner=", "owner", "owner is empty; NAME is wanted")]
    [TestCase("turbo=perhaps", "turbo", "engine.turbo is 'perhaps'; true or false is wanted")]
    [TestCase("range=3", "range", "engine.range has no meaning here; it goes with engine electric")]
    [TestCase("engine=electric turbo", "turbo", "engine.turbo has no meaning here; it goes with engine petrol")]
    [TestCase("pressure=2", "pressure", "engine.pressure has no meaning here; it goes with turbo true")]
    [TestCase("drive=allwheels size=21", "size", "wheels.size is above 20, which does not go with drive allwheels")]
    [TestCase("wings=2", "wings", "wings is not a setting; there are engine, wheels, seats, owner")]
    public void What_is_not_sound_is_named(string line, string word, string message) => Assert.That(
        () => With(line),
        Throws.TypeOf<SettingsException>().With.Message.StartsWith(message).And.Property(nameof(SettingsException.Word)).EqualTo(word));

    [Test]
    public void A_document_made_by_hand_goes_through_the_same_door() => Assert.That(
        () => Toy.Door.Check(new Toy { Seats = 9 }), Throws.TypeOf<SettingsException>().With.Message.StartsWith("seats is 9"));

    [TestCase("")]
    [TestCase("engine=electric range=5 seats=1 power=0.1")]
    [TestCase("turbo pressure=0.3333333333333333 drive=allwheels size=1e-6 owner=\u00e4\"\u4e2d")]
    public void A_document_comes_back_from_its_text(string line)
    {
        Toy toy = With(line);
        Assert.That(Toy.Door.Read(With("seats=3 owner=other engine=electric range=1 drive=allwheels"), Toy.Door.Write(toy)), Is.EqualTo(toy), "whatever it is read over");
    }

    [Test]
    public void The_text_has_the_words_of_the_command_line_and_nothing_without_meaning() => Assert.That(
        JsonElement.DeepEquals(
            JsonElement.Parse(Toy.Door.Write(With("drive=allwheels"))),
            JsonElement.Parse("""{ "engine": { "name": "petrol", "power": 70, "turbo": false }, "wheels": { "drive": "allwheels", "size": 16 }, "seats": 4, "owner": null }""")));

    [Test]
    public void Comments_and_trailing_commas_are_allowed_and_what_is_left_out_stays() => Assert.That(
        Toy.Door.Read(With("seats=2"), """
            {
              "$schema": "toy.schema.json",
              /* kinds may stand anywhere */
              "engine": { "range": null, "name": "electric", }, // by default
              "wheels": {},
            }
            """),
        Is.EqualTo(new Toy { Engine = new Electric(), Seats = 2 }));

    [Test]
    public void Documents_differ_in_what_decides_the_result_only()
    {
        Toy toy = With("seats=2 owner=me");
        Assert.Multiple(() =>
        {
            Assert.That(Toy.Door.Difference(toy, With("seats=2 owner=you")), Is.Null);
            Assert.That(Toy.Door.Difference(toy, With("seats=3")), Is.EqualTo(new SettingsDifference("seats", "seats", "2", "3")));
            Assert.That(Toy.Door.Difference(toy, With("seats=2 engine=electric")), Is.EqualTo(new SettingsDifference("engine.name", "engine", "petrol", "electric")));
            Assert.That(Toy.Door.Difference(With("turbo"), With("turbo pressure=2")), Is.EqualTo(new SettingsDifference("engine.pressure", "pressure", "1.5", "2")));
        });
    }

    [Test]
    public void Two_settings_that_one_document_can_have_need_two_words() => Assert.That(
        () => new Document<Toy>([new(typeof(Engine), "steam", typeof(Steam))]),
        Throws.ArgumentException.With.Message.Contains("'engine.seats'").And.Message.Contains("'seats'"));

    [Test]
    public void The_schema_has_every_kind_with_its_bounds_words_and_defaults()
    {
        JsonElement properties = JsonElement.Parse(Toy.Door.Schema()).GetProperty("properties");
        JsonElement electric = properties.GetProperty("engine").GetProperty("anyOf")[1].GetProperty("properties");
        Assert.Multiple(() =>
        {
            Assert.That(properties.EnumerateObject().Select(member => member.Name), Is.EqualTo((string[])["$schema", "engine", "wheels", "seats", "owner"]));
            Assert.That(properties.GetProperty("seats").GetProperty("minimum").GetDouble(), Is.EqualTo(1));
            Assert.That(properties.GetProperty("seats").GetProperty("maximum").GetDouble(), Is.EqualTo(5));
            Assert.That(properties.GetProperty("seats").GetProperty("description").GetString(), Is.EqualTo("Seats."));
            Assert.That(electric.EnumerateObject().Select(member => member.Name), Is.EqualTo((string[])["name", "power", "range"]));
            Assert.That(electric.GetProperty("name").GetProperty("const").GetString(), Is.EqualTo("electric"));
            Assert.That(electric.GetProperty("power").GetProperty("default").GetDouble(), Is.EqualTo(100));
            Assert.That(electric.GetProperty("power").GetProperty("exclusiveMinimum").GetDouble(), Is.Zero);
            Assert.That(
                properties.GetProperty("wheels").GetProperty("properties").GetProperty("drive").GetProperty("enum").EnumerateArray().Select(word => word.GetString()),
                Is.EqualTo((string[])["front", "allwheels"]));
            Assert.That(properties.GetProperty("wheels").GetProperty("additionalProperties").GetBoolean(), Is.False);
        });
    }

    private static Toy With(string line) => Toy.Door.With(new Toy(), Given.Words(line));

    private sealed record Steam() : Engine(1)
    {
        [Setting("Seats for stokers.")]
        public int Seats { get; init; }
    }
}
