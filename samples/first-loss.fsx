// A script for F# Interactive. It uses what the build of the F# project leaves, so build that first:
//   dotnet build -c Release samples/FSharp
//   dotnet fsi samples/first-loss.fsx
#r "FSharp/bin/Release/net10.0/TorchSharp.dll"
#r "FSharp/bin/Release/net10.0/ErLoss.Modules.dll"

open TorchSharp
open ErLoss.Modules

// F# Interactive looks for libtorch beside the assemblies, but takes their paths as relative to the current folder.
System.Environment.CurrentDirectory <- __SOURCE_DIRECTORY__

torch.manual_seed 0L |> ignore
let loss = new EntropyReconstructionLoss(EntropyReconstructionOptions(Kappa = 10.0, LeaveOneOut = true))
let view1 = torch.randn (256L, 32L)
let view2 = view1 + 0.1 * torch.randn (256L, 32L)
printfn $"loss {loss.call(view1, view2).item<float32> ():f3} nats"
