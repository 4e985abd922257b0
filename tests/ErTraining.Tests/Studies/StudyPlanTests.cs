using ErLoss.Training;
using ErLoss.Training.Settings;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyPlanTests
{
    private const string Byol = "method=byol objective=er batch_size=64,512 ema=0.99,0.8";

    [Test]
    public void Variants_differ_from_the_reference_in_one_thing() => Assert.That(
        Names(Byol), Is.EqualTo((string[])["byol-er-b512-ema0.99-s0", "byol-er-b64-ema0.99-s0", "byol-er-b512-ema0.8-s0"]));

    [Test]
    public void A_full_grid_has_all_combinations() => Assert.That(
        Names(Byol, fullGrid: true),
        Is.EqualTo((string[])["byol-er-b512-ema0.99-s0", "byol-er-b64-ema0.99-s0", "byol-er-b512-ema0.8-s0", "byol-er-b64-ema0.8-s0"]));

    [Test]
    public void A_setting_is_varied_for_those_that_it_has_a_meaning_for() => Assert.That(
        Names("method=simclr,dino objective=native,er batch_size=64 ema=0.9 centering=true,false entropy_weight=1,2 kappa=10,5"),
        Is.EqualTo((string[])
        [
            "simclr-native-b64-kappa10-s0", "simclr-native-b64-kappa5-s0",
            "simclr-er-b64-entropy_weight1-kappa10-s0", "simclr-er-b64-entropy_weight2-kappa10-s0", "simclr-er-b64-entropy_weight1-kappa5-s0",
            "dino-native-b64-ema0.9-centering-s0", "dino-native-b64-ema0.9-nocentering-s0",
            "dino-er-b64-ema0.9-centering-entropy_weight1-s0", "dino-er-b64-ema0.9-nocentering-entropy_weight1-s0", "dino-er-b64-ema0.9-centering-entropy_weight2-s0",
        ]));

    [Test]
    public void A_queue_is_varied_where_there_can_be_one() => Assert.That(
        Names("method=simclr,byol,dino objective=native,er batch_size=64 ema=0.9 queue=0,4096"),
        Is.EqualTo((string[])
        [
            "simclr-native-b64-s0", "simclr-er-b64-queue0-s0", "simclr-er-b64-queue4096-s0",
            "byol-native-b64-ema0.9-s0", "byol-er-b64-ema0.9-queue0-s0", "byol-er-b64-ema0.9-queue4096-s0",
            "dino-native-b64-ema0.9-s0", "dino-er-b64-ema0.9-s0",
        ]));

    [Test]
    public void A_value_that_a_method_cannot_have_is_left_out_for_it() => Assert.That(
        Names("method=simclr,dino objective=er batch_size=64 estimator=joe,plugin"),
        Is.EqualTo((string[])["simclr-er-b64-estimatorjoe-s0", "simclr-er-b64-estimatorplugin-s0", "dino-er-b64-estimatorplugin-s0"]));

    [Test]
    public void Kinds_are_varied_with_the_settings_that_they_bring() => Assert.That(
        Names("method=simclr objective=er batch_size=64 clip_trust=false,true optimizer=sgd,lars", fullGrid: true),
        Is.EqualTo((string[])["simclr-er-b64-optimizersgd-s0", "simclr-er-b64-clip_trustfalse-optimizerlars-s0", "simclr-er-b64-clip_trusttrue-optimizerlars-s0"]));

    [Test]
    public void One_seed_comes_after_the_other() => Assert.That(
        Names("method=simclr objective=native,er batch_size=8 seed=3,1"),
        Is.EqualTo((string[])["simclr-native-b8-s3", "simclr-er-b8-s3", "simclr-native-b8-s1", "simclr-er-b8-s1"]));

    [TestCase("adamw", 0.5)]
    [TestCase("sgd", 0.25)]
    [TestCase("lars", 0.25)]
    public void The_learning_rate_follows_the_batch_size(string optimizer, double expected)
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=400,100", $"optimizer={optimizer}");
        Assert.That(plan.Cells.Select(cell => cell.LearningRate), Is.EqualTo((double[])[1, expected]));
    }

    [Test]
    public void A_cell_s_document_has_its_values_and_those_that_are_shared()
    {
        StudyPlan plan = Sample.Plan("method=byol,simclr objective=er batch_size=64 ema=0.80 kappa=5 epochs=2,9 optimizer=lars seed=7", "weight_decay=0.5 hidden_dimension=32");
        RunSettings cell = plan.Cells[1].Settings;
        Assert.Multiple(() =>
        {
            Assert.That(plan.Cells[1].Name, Is.EqualTo("byol-er-b64-ema0.8-kappa5-epochs9-optimizerlars-s7"));
            Assert.That(
                cell with { Compute = new() },
                Is.EqualTo(Given.Settings(
                    "method=byol batch_size=64 ema=0.8 ema_schedule=fixed kappa=5 epochs=9 evaluations=9 seed=7 weight_decay=0.5 optimizer=lars learning_rate=1 hidden_dimension=32") with
                {
                    Version = "1.0",
                }));
            Assert.That(plan.MostEpochs, Is.EqualTo(9));
        });
    }

    [Test]
    public void Cells_start_from_a_document_as_far_as_it_is_of_their_kinds()
    {
        const string Json = """{ "method": { "name": "byol", "head": { "hidden_dimension": 32 }, "teacher": { "ema_schedule": "cosine" } }, "optimizer": { "name": "sgd", "weight_decay": 0.5 }, "epochs": 4, }""";
        StudyPlan plan = Sample.Plan("method=byol,dino objective=er batch_size=64 ema=0.8", "weight_decay=0.25", json: Json);
        Assert.Multiple(() =>
        {
            string all = "batch_size=64 ema=0.8 epochs=4 evaluations=4 optimizer=sgd learning_rate=1 weight_decay=0.25";
            Assert.That(plan.Cells[0].Settings, Is.EqualTo(Given.Settings($"method=byol hidden_dimension=32 ema_schedule=cosine {all}") with { Version = "1.0" }));
            Assert.That(plan.Cells[1].Settings, Is.EqualTo(Given.Settings($"method=dino {all}") with { Version = "1.0" }), "the section of another method is not DINO's");
        });
    }

    [Test]
    public void Of_a_run_s_own_file_cells_take_what_was_chosen_and_not_what_became_of_the_run()
    {
        string json = Registry.Default.Document.Write(Given.Settings("epochs=4 kappa=5").WithEpochs(6, 8) with { Used = new() { DataFingerprint = "1f", WarmupEpochs = 1 }, Version = "0.9" });
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64 epochs=2", "weight_decay=0.5", json: json);
        Assert.That(plan.Cells[0].Settings, Is.EqualTo(Given.Settings("kappa=5 batch_size=64 epochs=2 evaluations=2 learning_rate=1 weight_decay=0.5") with { Version = "1.0" }));
        IReadOnlyList<string> deciding = new SharedCellSettings(Registry.Default, [], json).Deciding;
        Assert.That(deciding, Has.Member("method.loss.kappa=5").And.None.StartsWith("restarts"));
    }

    [Test]
    public void Files_are_known_by_their_names_in_folders_and_tables()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=64 weights=/some/folder/first.safetensors,/some/[/second.safetensors");
        Assert.Multiple(() =>
        {
            Assert.That(plan.Cells.Select(cell => cell.Name), Is.EqualTo((string[])["simclr-er-b64-weightsfirst.safetensors-s0", "simclr-er-b64-weightssecond.safetensors-s0"]));
            Assert.That(plan.Rows[0][1].Variation(plan.Rows[0][0]), Is.EqualTo("weights second.safetensors"));
            Assert.That(plan.Cells[1].Settings.Encoder.Weights, Is.EqualTo("/some/[/second.safetensors"));
        });
    }

    [TestCase("method=simclr objective=er batch_size=64 weights=one/a.safetensors,two/a.safetensors", "", "encoder.weights has one/a.safetensors and two/a.safetensors, which have one file name")]
    [TestCase("method=simclr objective=er batch_size=64 restarts=6:2,7:2", "", "restarts is filled in by the program, so that a study cannot vary it")]
    [TestCase("method=simclr objective=er batch_size=64 prototypes=8,16", "", "method.head.prototypes has no meaning here; it goes with method dino, swav, deepcluster")]
    [TestCase("method=simclr objective=native batch_size=64 entropy_weight=1,2", "", "has no meaning here; it goes with objective er")]
    [TestCase("method=simclr,byol objective=er batch_size=64", "prototypes=8", "prototypes has no meaning here")]
    [TestCase("method=dino objective=er batch_size=64 estimator=plugin,joe", "", "is joe, which a discrete head cannot be trained with")]
    [TestCase("method=simclr objective=er batch_size=64 kappa=0,5", "", "kappa is 0; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("method=simclr objective=er batch_size=64 kappa=5,5.0", "", "kappa has 5 twice")]
    [TestCase("method=simclr objective=er batch_size=64 kapa=5", "", "kapa is not a setting")]
    [TestCase("method=simclr objective=er batch_size=64 threads=1,2", "", "compute.threads does not decide the result of a run")]
    public void What_no_cell_can_have_is_refused_by_name(string axes, string shared, string says) =>
        Assert.That(() => Sample.Plan(axes, shared), Throws.TypeOf<SettingsException>().With.Message.Contains(says));

    [Test]
    public void Variants_say_how_they_differ()
    {
        StudyPlan plan = Sample.Plan("method=dino objective=er batch_size=512,64 ema=0.99,0.8 centering=true,false weight_decay=0,0.5", fullGrid: true);
        StudyVariant last = plan.Rows[0][^1];
        Assert.Multiple(() =>
        {
            Assert.That(last.Variation(plan.Reference(last)), Is.EqualTo("batch 64, EMA 0.8, no centring, weight decay 0.5"));
            Assert.That(plan.Rows[0][0].Description, Is.EqualTo("batch 512, EMA 0.99, centring, weight decay 0"));
        });
    }

    private static string[] Names(string axes, bool fullGrid = false) => [.. Sample.Plan(axes, fullGrid: fullGrid).Cells.Select(cell => cell.Name)];
}
