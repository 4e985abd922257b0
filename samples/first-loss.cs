#!/usr/bin/env dotnet
#:project ../src/ErLoss.Modules

// A whole program in one file, which .NET 10 compiles and runs: dotnet run samples/first-loss.cs
// In a program of your own, these two lines take the place of #:project:
//   #:package ErLoss.Modules@0.1.0
//   #:package TorchSharp-cpu@0.107.0

using ErLoss.Modules;
using static TorchSharp.torch;

manual_seed(0);
using var scope = NewDisposeScope(); // frees all tensors at the end

// Two views of 256 examples, and an encoder that turns each view into a projection of 32 numbers.
Tensor example = randn(256, 64), view1 = example + 0.3 * randn(256, 64), view2 = example + 0.3 * randn(256, 64);
var encoder = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 32));

var loss = new EntropyReconstructionLoss(kappa: 10);
var (value, entropy, reconstruction, bound) = loss.terms(encoder.call(view1), encoder.call(view2));
value.backward();

double squares = encoder.parameters().Sum(weight => weight.grad!.square().sum().item<float>());
Console.WriteLine($"loss {value.item<float>():f3} nats = reconstruction {reconstruction.item<float>():f3} - entropy {entropy.item<float>():f3}");
Console.WriteLine($"bound on the mutual information of the views: {bound.item<float>():f3} nats");
Console.WriteLine($"norm of the gradient: {Math.Sqrt(squares):f3}");
