using ErLoss.Training;
using ErTraining;

return await Harness.RunAsync(args, Registry.Default);
