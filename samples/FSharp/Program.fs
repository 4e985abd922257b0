module ErLoss.Samples.Program

open TorchSharp

[<EntryPoint>]
let main _ =
    torch.manual_seed 0L |> ignore

    for name, train in [ "two views", Training.withTwoViews; "a teacher", Training.withATeacher ] do
        let outcome = train ()
        printfn $"{name}: the loss fell from {outcome.FirstLoss:f2} to {outcome.LastLoss:f2} nats."
        printfn $"{name}: {outcome.FoundBefore:p0} of the views found their partner before training, {outcome.FoundAfter:p0} after it."

    0
