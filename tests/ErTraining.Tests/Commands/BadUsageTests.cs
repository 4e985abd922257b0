using ErLoss.Training.Data;
using ErTraining.Commands;

namespace ErTraining.Tests.Commands;

/// <summary>Bad usage and bad input: exit code 2, one line on standard error that says what is wrong and what is wanted, no stack trace.</summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BadUsageTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("frobnicate", "'frobnicate' is not a command; the commands are train, evaluate, export, embed, search, study, verify, synthesize, info")]
    [TestCase("train --frobnicate 3", "--frobnicate")]
    [TestCase("train --method moco", "--method is 'moco'; one of simclr, byol")]
    [TestCase("train --objective both", "--objective is 'both'; one of er, native is wanted")]
    [TestCase("train --encoder vit", "--encoder is 'vit'; one of convnet, resnet18 is wanted")]
    [TestCase("train --optimizer adam", "--optimizer is 'adam'; one of adamw, sgd, lars is wanted")]
    [TestCase("train --estimator knn", "--estimator is 'knn'")]
    [TestCase("train --epochs -1", "--epochs is -1; a whole number from 0 up is wanted")]
    [TestCase("train --epochs 3000000000", "--epochs is 3000000000; a whole number from 0 to 2147483647 is wanted")]
    [TestCase("study --output s --epochs 3000000000", "--epochs is 3000000000; a whole number from 1 to 2147483647 is wanted")]
    [TestCase("train --learning-rate 1e999", "--learning-rate is 1e999; a positive number up to 1.7976931348623157E+308 is wanted")]
    [TestCase("train --epochs many", "--epochs is many; a whole number from 0 up is wanted")]
    [TestCase("train --epochs 1.5", "--epochs is 1.5")]
    [TestCase("train --learning-rate 0,003", "--learning-rate is 0,003; a positive number is wanted")]
    [TestCase("train --train-images 2000000000", "--train-images is 2000000000")]
    [TestCase("train --output ", "--output is empty; DIR is wanted")]
    [TestCase("train --data ", "--data is empty")]
    [TestCase("train --batch-size 1", "--batch-size is 1; a whole number from 2 up is wanted")]
    [TestCase("train --kappa 0", "--kappa is 0; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("train --kappa NaN", "--kappa is NaN; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("train --entropy-weight -1", "--entropy-weight is -1")]
    [TestCase("train --learning-rate 0", "--learning-rate is 0")]
    [TestCase("train --threads 0", "--threads is 0")]
    [TestCase("train --seed -3", "--seed is -3")]
    [TestCase("study --output s --methods dino --axis no-centering=true,false", "centering=true,false compares both")]
    [TestCase("train --keep-state", "--keep-state goes with --output")]
    [TestCase("train --config .", "a folder; give the file of settings")]
    [TestCase("train --background pink", "--background is 'pink'; white, black, grey or six hexadecimal digits are wanted")]
    [TestCase("train --image-size 4", "--image-size is 4; a whole number from 8 to 256 is wanted")]
    [TestCase("train --image-size 16 --method dino --small-crops 2 --small-crop-size 17", "--small-crop-size is 17, but the images have 16x16 pixels")]
    [TestCase("train --max-pixels 0", "--max-pixels is 0; a whole number from 1 to 5e8 is wanted")]
    [TestCase("train --labels maybe", "--labels is 'maybe'; one of auto, folders, none is wanted")]
    [TestCase("train --train-images 0", "--train-images is 0")]
    [TestCase("train --device tpu", "--device is 'tpu'; auto, cpu, cuda or cuda:N is wanted")]
    [TestCase("train --device cuda:99", "no such device")]
    [TestCase("train --method dino --learn-kappa", "--learn-kappa has no meaning here; it goes with method simclr.")]
    [TestCase("train --ema 0.9", "--ema has no meaning here; it goes with method byol, dino.")]
    [TestCase("train --method byol --ema 1.5", "--ema is 1.5; a number from 0 to 1")]
    [TestCase("train --method byol --no-centering", "--no-centering has no meaning here; it goes with method dino.")]
    [TestCase("train --prototypes 64", "--prototypes has no meaning here; it goes with method dino, swav, deepcluster.")]
    [TestCase("train --method swav --estimator joe", "--estimator is joe, which a discrete head cannot be trained with; plugin is wanted")]
    [TestCase("train --method dino --preset paper", "--preset is 'paper'; dino has solo-learn, lightly.")]
    [TestCase("train --learn-kappa --objective native", "--learn-kappa has no meaning here; it goes with objective er.")]
    [TestCase("train --method dino --kappa 20", "--kappa has no meaning here; it goes with method simclr, byol.")]
    [TestCase("train --learn-kappa --keep-own false", "--keep-own is false, but the own kernels are always kept where kappa is learnt; leave one of the two out.")]
    [TestCase("train --method dino --keep-own", "--keep-own has no meaning here; it goes with method simclr, byol.")]
    [TestCase("train --method dino --queue 64", "--queue has no meaning here; it goes with method simclr, byol.")]
    [TestCase("train --objective native --queue 64", "--queue has no meaning here; it goes with objective er.")]
    [TestCase("train --queue -1", "--queue is -1; a whole number from 0 up is wanted")]
    [TestCase("train --small-crops 2", "--small-crops has no meaning here; it goes with method dino, swav.")]
    [TestCase("train --method dino --small-crop-size 8", "--small-crop-size has no meaning here; it goes with small_crops above 0.")]
    [TestCase("train --method dino --small-crops 2 --small-crop-min-area 0.5", "--small-crop-min-area is 0.5, but the largest share (small_crop_max_area) is 0.4; a number up to that is wanted")]
    [TestCase("train --trust-coefficient 5", "--trust-coefficient has no meaning here; it goes with optimizer lars.")]
    [TestCase("train --optimizer sgd --clip-trust", "--clip-trust has no meaning here; it goes with optimizer lars.")]
    [TestCase("train --objective native --entropy-weight 2", "--entropy-weight has no meaning here; it goes with objective er.")]
    [TestCase("train --ema-schedule fixed", "--ema-schedule has no meaning here; it goes with method byol, dino.")]
    [TestCase("train --config nowhere", "nowhere: cannot be read")]
    [TestCase("train --config /dev/zero", "/dev/zero: not the settings of a run: more than 65,536 characters", IncludePlatform = "Linux")]
    [TestCase("train --precision float16", "--precision is 'float16'; one of float32, bfloat16 is wanted")]
    [TestCase("train --tf32 --device cpu", "--tf32 is for a GPU, but this run is on cpu")]
    [TestCase("train --no-tf32 --device cpu", "--no-tf32 is for a GPU, but this run is on cpu")]
    [TestCase("train --tf32 --no-tf32", "--tf32 and --no-tf32 do not go together")]
    [TestCase("study --output s --batch-sizes 64 --train-images 100 --tf32 --no-tf32", "--tf32 and --no-tf32 do not go together")]
    [TestCase("train --device mps", "--device is 'mps', but this program needs float64, which Apple's GPUs do not have; use cpu.")]
    [TestCase("train --data nowhere", "nowhere: no such directory; wanted 'synthetic', or a directory with the binary files of CIFAR-10, CIFAR-100 or STL-10 or")]
    [TestCase("train --data .", ".: no images (JPEG, PNG, WebP, BMP or GIF) here or in the folders within.")]
    [TestCase("train --train-images 10 --test-images 10", "batch_size is 128, but synthetic has 10 training images")]
    [TestCase("study", "--output")]
    [TestCase("study --output s --methods moco", "--methods is 'moco'; one of simclr, byol, dino")]
    [TestCase("study --output s --methods ", "--methods is empty; one of simclr")]
    [TestCase("study --output s --objectives native,", "--objectives is empty; one of er, native is wanted")]
    [TestCase("study --output s --seeds 1,2,1", "--seeds has 1 twice")]
    [TestCase("study --output s --batch-sizes 64,1", "--batch-sizes is 1; a whole number from 2 up is wanted")]
    [TestCase("study --output s --emas 0.9,2", "--emas is 2; a number from 0 to 1 is wanted")]
    [TestCase("study --output s --methods simclr --emas 0.9,0.8", "--emas has no meaning here; it goes with method byol, dino")]
    [TestCase("study --output s --axis kappa", "--axis is 'kappa'; a setting with its values is wanted, such as kappa=5,10,20")]
    [TestCase("study --output s --arm own:keep-own=1", "--arm 'own' has keep_own, which is '1'; true or false is wanted")]
    [TestCase("study --output s --axis kapa=5", "--axis kapa is not a setting; there are method")]
    [TestCase("study --output s --axis method.loss.kappa=5,0", "--axis method.loss.kappa is 0; a number from 1e-6 to 1e6 is wanted")]
    [TestCase("study --output s --methods dino --axis kappa=5,10", "--axis kappa has no meaning here; it goes with method simclr, byol")]
    [TestCase("study --output s --axis kappa=5,10 --kappa 20", "--axis kappa and --kappa do not go together")]
    [TestCase("study --output s --seeds 1 --axis seed=2", "--seeds and --axis seed do not go together")]
    [TestCase("study --output s --epochs 3 --axis epochs=5,10", "--axis epochs and --epochs do not go together")]
    [TestCase("study --output s --axis no-tf32=1,2", "--axis no-tf32 is not a setting; there are method")]
    [TestCase("study --output s --axis restarts=6:2,7:2", "--axis restarts is filled in by the program, so that a study cannot vary it")]
    [TestCase("study --output s --methods simclr --axis weights=a/x,b/x", "--axis weights has a/x and b/x, which have one file name")]
    [TestCase("study --output s --axis threads=1,2", "--axis threads does not decide the result of a run")]
    [TestCase("study --output s --epochs 0", "--epochs is 0; a whole number from 1 up is wanted")]
    [TestCase("study --output s --parallel 0", "--parallel is 0")]
    [TestCase("study --output s --methods simclr --train-images 100 --test-images 10", "--batch-sizes has 512, but synthetic has 100 training images")]
    [TestCase("study --output s --methods simclr,byol --prototypes 64", "--prototypes has no meaning here; it goes with method dino")]
    [TestCase("study --output s --methods simclr --objectives native --learn-kappa", "--learn-kappa has no meaning here; it goes with objective er")]
    [TestCase("study --output s --batch-sizes 64 --train-images 100 --device tpu", "--device is 'tpu'")]
    [TestCase("study --output s --data nowhere", "nowhere: no such directory")]
    [TestCase("study --output . --batch-sizes 64 --train-images 100 --device cuda:99", "no such device")]
    [TestCase("train --tensorboard", "--tensorboard goes with --output")]
    [TestCase("train --max-time 1h", "--max-time goes with --output")]
    [TestCase("train --output o --max-time 90", "--max-time is '90'; a time up to 49d such as 3h50m, 90m, 45s or 1:30:00 is wanted")]
    [TestCase("info --libtorch nowhere", "--libtorch nowhere: no such folder; wanted the torch/lib folder of PyTorch 2.10")]
    [TestCase("--libtorch .", "torch_cpu.")]
    [TestCase("--libtorch=. train --epochs 1", "nor in lib; wanted the torch/lib folder of PyTorch 2.10")]
    [TestCase("--libtorch . frobnicate", "'frobnicate' is not a command")]
    [TestCase("info --libtorch", "--libtorch")]
    [TestCase("info --libtorch ", "--libtorch is empty; DIR is wanted")]
    [TestCase("--libtorch . info --libtorch nowhere", "--libtorch")]
    [TestCase("synthesize", "--output")]
    [TestCase("export", "--checkpoint")]
    [TestCase("export --checkpoint nowhere --output encoder", "nowhere: no such directory")]
    [TestCase("export --checkpoint nowhere --output .", ".: a folder; --output wants a file")]
    [TestCase("export --checkpoint nowhere --output /dev/null", "/dev/null: a device, which a file would replace; --output wants a file", IncludePlatform = "Linux")]
    [TestCase("train --weights nowhere --train-images 128 --test-images 10", "nowhere: cannot be read")]
    [TestCase("train --weights . --train-images 128 --test-images 10", ".: a folder; a safetensors file is wanted")]
    [TestCase("synthesize --output here --images 4", "--images is 4")]
    public void It_exits_with_2_and_one_line(string arguments, string says)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, arguments.Split(' '));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
            Assert.That(outcome.Error, Does.Contain(says));
            Assert.That(outcome.Error.TrimEnd('\n', '\r'), Does.StartWith("error: ").And.Not.Contains("\n"));
        });
    }

    [TestCase("train --epochs -1", "--epochs is -1; a whole number from 0 up is wanted")]
    [TestCase("train --data nowhere", "nowhere: no such directory")]
    [TestCase("--libtorch . info", "torch_cpu.")]
    public void The_program_itself_exits_with_2_and_one_line(string arguments, string says)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.Run(_folder.Path, arguments.Split(' '));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2), outcome.Error);
            Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain(says));
            Assert.That(outcome.Error.TrimEnd('\n', '\r'), Does.Not.Contain("\n"));
        });
    }

    [TestCase("pictures/run")]
    [TestCase("pictures/new/run")]
    public void An_output_among_the_images_is_refused_and_nothing_is_left(string output)
    {
        Directory.CreateDirectory(_folder["pictures/cat"]);
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--data", "pictures", "--output", output);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(2));
            Assert.That(outcome.Error, Does.Contain($"--output {output} lies in --data pictures, where its pictures would be taken for images"));
            Assert.That(Directory.GetDirectories(_folder["pictures"]), Has.Length.EqualTo(1));
        });
    }

    [Test]
    public void Images_that_cannot_be_read_leave_no_output_folder()
    {
        Directory.CreateDirectory(_folder["pictures/cat"]);
        foreach (string command in (string[])["train", "study"])
        {
            ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, command, "--data", "pictures", "--output", "runs/first");
            Assert.That(outcome.ExitCode, Is.EqualTo(2), command);
            Assert.That(Directory.GetDirectories(_folder.Path).Select(Path.GetFileName), Is.EqualTo(["pictures"]), command);
        }
    }

    [TestCase("train")]
    [TestCase("study")]
    public void Time_that_is_over_before_the_images_are_read_has_its_own_exit_code_and_leaves_nothing(string command)
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, command, "--max-time", "1s", "--output", "run"); // which this process is older than
        Assert.Multiple(() =>
        {
            Assert.That((outcome.ExitCode, outcome.Error.TrimEnd()), Is.EqualTo((75, "The time of --max-time is over; nothing was written.")));
            Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.Empty);
        });
    }

    [Test]
    public void An_output_beside_an_unpacked_archive_of_CIFAR_is_taken_for_no_class()
    {
        CifarWriter.Write(SyntheticImages.Create(20, 10, seed: 0), _folder["images/cifar-10-batches-bin"]);
        Assert.That(() => RunImages.CheckIsOutside(new DataSettings { Source = _folder["images"] }, _folder["images/run"]), Throws.Nothing);
    }

    [Test]
    [Platform("Linux", Reason = "Names are bytes there.")]
    public void A_name_that_is_not_in_UTF_8_is_said_to_be_so()
    {
        void Shell(string command)
        {
            using var bash = System.Diagnostics.Process.Start("bash", ["-c", command]);
            bash.WaitForExit();
        }
        Shell($"mkdir -p '{_folder["pictures"]}/dog' \"$(printf '{_folder["pictures"]}/caf\\351')\"; : > '{_folder["pictures"]}/dog/1.png'");
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--data", "pictures");
        Shell($"rm -r '{_folder["pictures"]}'"); // .NET cannot
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("caf\uFFFD: a name that is not in UTF-8").And.Contain("convmv"));
    }

    [Test]
    public void A_truncated_data_file_is_named()
    {
        CifarWriter.Write(SyntheticImages.Create(200, 10, seed: 0), _folder.Path);
        using (FileStream file = File.OpenWrite(_folder["data_batch_1.bin"]))
        {
            file.SetLength(file.Length - 100);
        }
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--data", ".");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("data_batch_1.bin"));
    }

    [Test]
    [Platform("Linux", Reason = "It has folders that nobody can write to, whoever runs the test.")]
    public void An_output_folder_that_cannot_be_written_to_is_refused()
    {
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--train-images", "200", "--output", "/proc/run");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.StartWith("error: /proc/run: the output folder cannot be written to"));
    }

    [Test]
    public void An_output_folder_that_is_a_file_is_refused()
    {
        File.WriteAllText(_folder["taken"], "");
        ProgramUnderTest.Outcome outcome = ProgramUnderTest.RunHere(_folder.Path, "train", "--train-images", "200", "--output", "taken");
        Assert.That(outcome.ExitCode, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("taken").And.Contain("output folder"));
    }
}
