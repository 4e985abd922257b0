using ErTraining;
using ErTraining.Compute;
using ErTraining.Reporting;

NativeDefaults.Apply();
PlainOutput.UseWhereRedirected();
return await Harness.RunAsync(args);
