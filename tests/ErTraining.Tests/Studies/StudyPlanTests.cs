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
    public void An_arm_has_a_row_for_each_method_that_has_its_settings()
    {
        StudyPlan plan = Sample.Plan(
            "method=simclr,dino objective=native,er batch_size=64,32 ema=0.9",
            "epochs=3 optimizer=sgd kappa=5",
            arms: ["keep-own: keep-own=true kappa=20", "adam: optimizer=adamw objective=native"]);
        StudyVariant[] references = [.. plan.Rows.Select(row => row[0])];
        Assert.Multiple(() =>
        {
            Assert.That(references.Select(variant => variant.Name), Is.EqualTo((string[])
            [
                "simclr-native-b64", "simclr-er-b64", "simclr-keep-own-b64", "simclr-adam-b64", "dino-native-b64-ema0.9", "dino-er-b64-ema0.9", "dino-adam-b64-ema0.9",
            ]), "DINO has no κ");
            Assert.That(references[2].Title(Registry.Default.Methods), Is.EqualTo("SimCLR+ER (keep-own)"));
            Assert.That(references[3].Title(Registry.Default.Methods), Is.EqualTo("SimCLR (adam)"));
            Assert.That(plan.Rows[2][1].Variation(references[2]), Is.EqualTo("batch 32"));
            Assert.That(Cell("simclr-keep-own-b64-s0").Settings, Is.EqualTo(Given.Settings("method=simclr keep_own=true kappa=20 optimizer=sgd batch_size=64 epochs=3 evaluations=3 learning_rate=1") with { Version = "1.0" }), "its own κ, not that of all cells");
            Assert.That(Cell("simclr-er-b64-s0").Settings.Method, Is.EqualTo(Given.Settings("kappa=5").Method));
            Assert.That(Cell("simclr-adam-b32-s0").LearningRate, Is.EqualTo(Math.Sqrt(0.5)).Within(1e-15), "by the rule of its own optimizer");
            Assert.That(StudyDocument.Create(plan, Sample.Outcomes(plan, _ => 0.5), cell => cell.Name).Cells[4].Axes, Is.EquivalentTo(new Dictionary<string, string>
            {
                ["method"] = "simclr",
                ["objective"] = "er",
                ["arm"] = "keep-own",
                ["keep_own"] = "true",
                ["kappa"] = "20",
                ["batch_size"] = "64",
                ["seed"] = "0",
            }));
        });

        StudyCell Cell(string name) => plan.Cells.First(cell => cell.Name == name);
    }

    [TestCase("keep-own", "arm 'keep-own' is no arm; a name with settings is wanted, such as 'keep-own: keep-own=true'")]
    [TestCase("a b: kappa=3", "arm 'a b' is no name of an arm")]
    [TestCase("ER: kappa=3", "arm 'ER' is no name of an arm")]
    [TestCase("sharp: kappa", "arm 'sharp' has 'kappa'; a setting with its value is wanted")]
    [TestCase("sharp: kapa=3", "arm 'sharp' has kapa, which is not a setting")]
    [TestCase("sharp: kappa=0", "arm 'sharp' has kappa, which is 0; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("sharp: kappa=3 kappa=4", "arm 'sharp' has kappa twice")]
    [TestCase("same: kappa=10", "arm 'same' has the settings of byol-er-b64-ema0.9; leave the arm out")]
    [TestCase("other: seed=3", "arm 'other' has seed, which an arm cannot set")]
    [TestCase("fast: ema=0.5", "arm 'fast' sets ema, which the study varies; leave one of them out")]
    [TestCase("swav: crop_fit=redraw prototypes=8", "arm 'swav' goes with none of the methods: method.head.prototypes has no meaning here")]
    [TestCase("native-queue: objective=native queue=8", "arm 'native-queue' goes with none of the methods: method.loss.queue has no meaning here; it goes with objective er")]
    public void An_arm_that_is_not_sound_is_refused_by_name(string arm, string says) =>
        Assert.That(() => Sample.Plan("method=byol objective=er batch_size=64 ema=0.9", arms: [arm]), Throws.TypeOf<SettingsException>().With.Message.StartsWith(says));

    [Test]
    public void Values_that_a_budget_of_steps_makes_the_same_are_refused() =>
        Assert.That(
            () => Sample.Plan("method=simclr objective=er batch_size=256,16 epochs=1,2", "", fullGrid: true, change: settings => settings with { Budget = StudyBudget.Steps }, images: 10_000),
            Throws.TypeOf<SettingsException>().With.Message.StartsWith("the study would train simclr-er-b16-epochs1 and simclr-er-b16-epochs2 with the same settings"));

    [Test]
    public void With_a_budget_of_steps_a_smaller_batch_has_fewer_epochs_and_the_same_share_of_warm_up()
    {
        StudyPlan plan = Sample.Plan(
            "method=simclr objective=er batch_size=256,64,16", "epochs=30 warmup_epochs=3", change: settings => settings with { Budget = StudyBudget.Steps, LearningRateRule = LearningRateRule.Held }, images: 10_000);
        Assert.Multiple(() =>
        {
            Assert.That(plan.Cells.Select(cell => cell.Settings.Epochs), Is.EqualTo((int[])[30, 8, 2]), "1,170 steps; 7.5 and 1.87 epochs would have as many");
            Assert.That(plan.Cells.Select(cell => cell.Settings.Evaluations), Is.EqualTo((int[])[30, 8, 2]));
            Assert.That(plan.Cells.Select(cell => cell.Settings.WarmupEpochs), Is.EqualTo((double[])[3, 0.8, 0.2]).Within(1e-12));
            Assert.That(plan.Cells.Select(cell => cell.LearningRate), Is.All.EqualTo(1));
            Assert.That(StudyBudgetNote.Of(plan, 10_000), Is.EqualTo(
                "Cells have equal steps at all batch sizes, as nearly as whole epochs come to that: 1,170 steps (30 epochs) at batch 256, 1,248 steps (8 epochs) at batch 64, 1,250 steps (2 epochs) at batch 16. "
                + "The learning rate is the same at all batch sizes."));
            Assert.That(Sample.Plan("method=simclr objective=er batch_size=256", "epochs=1", change: settings => settings with { Budget = StudyBudget.Steps }, images: 100).Cells[0].Settings.Epochs, Is.EqualTo(1), "fewer images than a batch: another refuses them");
        });
    }

    [Test]
    public void With_equal_epochs_a_study_says_the_steps_and_the_rates()
    {
        Assert.That(
            StudyBudgetNote.Of(Sample.Plan("method=simclr objective=er batch_size=256,64", "epochs=2"), 1000),
            Is.EqualTo("Cells have equal epochs at all batch sizes: 6 steps (2 epochs) at batch 256, 30 steps (2 epochs) at batch 64. The learning rate falls with the batch size by the rule of the optimizer: 1 at batch 256, 0.5 at batch 64."));
        Assert.That(StudyBudgetNote.Of(Sample.Plan("method=simclr objective=er batch_size=256", "epochs=2"), 1000), Is.Null);
    }

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
