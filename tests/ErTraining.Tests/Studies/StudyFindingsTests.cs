using ErLoss.Training.Methods;
using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

internal sealed class StudyFindingsTests
{
    private const string Dino = "method=dino objective=native,er batch_size=512,64 ema=0.99,0.8 centering=true,false";

    [Test]
    public void Sentences_say_what_the_numbers_say()
    {
        StudyPlan plan = Sample.Plan(Dino);
        Assert.That(Findings(plan, Sample.Outcomes(plan, Accuracy)), Is.EqualTo((string[])
        [
            "At batch 512, EMA 0.99, centring DINO reaches 50.0 %, with ER 48.0 (within the error).",
            "At batch 64 DINO loses 3.3 points, with ER 0.4 (within the error).",
            "At EMA 0.8 DINO loses 2.0 points (within the error), with ER it gains 8.0 points.",
            "Without centring DINO loses 30.0 points, with ER 0.0 (within the error).",
            "There, at the end of training, the entropy of DINO is 3.00 nats, with ER 3.00.",
        ]));

        static double Accuracy(StudyCell cell) => (cell.Variant.Objective, cell.Settings.BatchSize, cell.Variant["ema"], cell.Variant["centering"]) switch
        {
            (Objective.Native, 64, _, _) => 0.467,
            (Objective.Native, _, "0.8", _) => 0.48,
            (Objective.Native, _, _, "false") => 0.20,
            (Objective.Native, _, _, _) => 0.50,
            (_, 64, _, _) => 0.476,
            (_, _, "0.8", _) => 0.56,
            _ => 0.48,
        };
    }

    [Test]
    public void A_failure_is_told()
    {
        StudyPlan plan = Sample.Plan("method=dino objective=native,er batch_size=512,64 ema=0.99");
        IReadOnlyList<CellOutcome> outcomes =
        [
            .. Sample.Outcomes(plan, _ => 0.5).Select(outcome =>
                outcome.Cell.Name == "dino-native-b64-ema0.99-s0" ? CellOutcome.Failed(outcome.Cell, "no", []) : outcome),
        ];
        Assert.That(Findings(plan, outcomes)[1], Is.EqualTo("At batch 64 DINO fails to train, with ER it loses 0.0 points (within the error)."));
    }

    [Test]
    public void An_objective_alone_and_several_seeds_are_told_as_such()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=er batch_size=512,64 seed=0,1");
        string[] findings = Findings(plan, Sample.Outcomes(plan, cell => cell.Settings.BatchSize == 512 ? 0.5 : 0.4 + 0.02 * cell.Seed));
        Assert.That(findings, Is.EqualTo((string[])
        [
            "At batch 512 SimCLR+ER reaches 50.0 ± 0.0 %.",
            "At batch 64 SimCLR+ER loses 9.0 ± 1.4 points (within the error).", // 9.0 ± 12.7 · 1.4/√2
        ]));
        StudyPlan both = Sample.Plan("method=simclr objective=native,er batch_size=512,64 seed=0,1,2");
        string[] several = Findings(
            both,
            Sample.Outcomes(both, cell => (cell.Variant.Objective, cell.Settings.BatchSize) switch
            {
                (_, 512) => 0.5 + 0.01 * cell.Seed,
                (Objective.Er, _) => 0.45 + 0.015 * cell.Seed,
                _ => 0.49 + 0.02 * cell.Seed,
            }));
        Assert.That(several, Is.EqualTo((string[])
        [
            "At batch 512 SimCLR reaches 51.0 ± 1.0 %, with ER 51.0 ± 1.0 (within the error).",
            "At batch 64 SimCLR loses 0.0 ± 1.0 points (within the error), with ER 4.5 ± 0.5.",
        ]));
    }

    [Test]
    public void In_a_full_grid_all_that_differs_is_named()
    {
        StudyPlan plan = Sample.Plan(Dino.Replace("native,er", "native", StringComparison.Ordinal), fullGrid: true);
        Assert.That(
            Findings(plan, Sample.Outcomes(plan, _ => 0.5)),
            Has.Member("At batch 64 and EMA 0.8 without centring DINO loses 0.0 points (within the error)."));
    }

    [Test]
    public void A_setting_that_one_of_the_losses_has_is_told_of_for_that_one()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=native,er batch_size=512 entropy_weight=1,0.5 kappa=10,5");
        double Accuracy(StudyCell cell) => cell.Variant["kappa"] == "5" ? 0.46 : cell.Variant["entropy_weight"] == "0.5" ? 0.45 : 0.5;
        Assert.That(Findings(plan, Sample.Outcomes(plan, Accuracy)), Is.EqualTo((string[])
        [
            "At batch 512, entropy weight 1, kappa 10 SimCLR reaches 50.0 %, with ER 50.0 (within the error).",
            "At kappa 5 SimCLR loses 4.0 points, with ER 4.0.",
            "At entropy weight 0.5 SimCLR+ER loses 5.0 points.",
        ]));
    }

    [Test]
    public void A_gain_after_a_loss_is_called_one()
    {
        StudyPlan plan = Sample.Plan("method=simclr objective=native,er batch_size=64,16", arms: ["queue: queue=8", "keep-own: keep-own=true"]);
        double Accuracy(StudyCell cell) => cell.Settings.BatchSize == 64 ? 0.5 : cell.Variant.Objective == Objective.Native || cell.Variant.Arm is not null ? 0.6 : 0.4;
        Assert.That(Findings(plan, Sample.Outcomes(plan, Accuracy))[1], Is.EqualTo("At batch 16 SimCLR gains 10.0 points, with ER it loses 10.0 points, with ER (queue) it gains 10.0 points, with ER (keep-own) 10.0."));
    }

    private static string[] Findings(StudyPlan plan, IReadOnlyList<CellOutcome> outcomes) => [.. StudyFindings.Sentences(plan, outcomes)];
}
