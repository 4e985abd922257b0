/// The entropy-reconstruction loss in F#: two equal views, and a student that predicts a teacher's projections.
module ErLoss.Samples.Training

// `open type TorchSharp.torch` would hide F#'s own float and sqrt, among others, behind members of these names.
open TorchSharp
open ErLoss.Modules
open ErLoss.SelfSupervised.Teachers

type Tensor = torch.Tensor
type Network = torch.nn.Module<Tensor, Tensor>

/// What a training has changed. A view finds its partner if, of the second views of all examples, that of its own example is the most similar one.
type Outcome =
    { FirstLoss: float32
      LastLoss: float32
      FoundBefore: float
      FoundAfter: float }

[<Literal>]
let private Rows = 128L

[<Literal>]
let private Steps = 100

/// F# sets the properties of the options in the call of the constructor. C#'s `with`, which copies a record, has no equivalent for them in F#.
let options () =
    EntropyReconstructionOptions(Kappa = 10.0, Estimator = EntropyEstimator.Joe, LeaveOneOut = true)

let network () : Network =
    torch.nn.Sequential(torch.nn.Linear(64L, 128L), torch.nn.ReLU(), torch.nn.Linear(128L, 32L))

/// Two views of the same random examples. They share the first 16 numbers of an example. The other 48 are noise, which the network learns to ignore.
let drawViews () =
    let shared = torch.randn (Rows, 16L)
    let view () = torch.cat ([| shared; torch.randn (Rows, 48L) |], 1L)
    view (), view ()

/// The roles of BYOL: the entropy is that of the student's projections, and a prediction is compared with what the teacher made of the other view.
let studentViews (student: Network) (predictor: Network) (teacher: Network) (view1: Tensor, view2: Tensor) =
    let z1, z2 = student.call view1, student.call view2

    let targets =
        use _ = torch.no_grad ()
        [| teacher.call view1; teacher.call view2 |]

    ProjectedViews(z1, z2, Predictions = [| predictor.call z1; predictor.call z2 |], Targets = targets)

/// The share of the views that find their partner.
let private found (encoder: Network) =
    use _ = torch.NewDisposeScope()
    use _ = torch.no_grad ()
    let view1, view2 = drawViews ()
    let z1 = torch.nn.functional.normalize (encoder.call view1)
    let z2 = torch.nn.functional.normalize (encoder.call view2)
    let isPartner = z1.mm(z2.t()).argmax(1L).eq (torch.arange Rows)
    float (isPartner.sum().item<int64> ()) / float Rows

/// Trains an encoder with the loss that `lossOf` computes from two views, and calls `afterStep` after each step.
let private train (encoder: Network) weights lossOf afterStep =
    use optimizer = torch.optim.AdamW((weights: seq<Modules.Parameter>), lr = 2e-3)
    let foundBefore = found encoder

    let losses =
        [| for _ in 1..Steps do
               use _ = torch.NewDisposeScope() // frees the tensors of this step
               let value: Tensor = lossOf (drawViews ())
               optimizer.zero_grad ()
               value.backward ()
               optimizer.step () |> ignore
               afterStep ()
               value.item<float32> () |]

    { FirstLoss = Array.head losses
      LastLoss = Array.last losses
      FoundBefore = foundBefore
      FoundAfter = found encoder }

/// Both views pass through one network, as in SimCLR.
let withTwoViews () =
    use encoder = network ()
    use loss = new EntropyReconstructionLoss(options ())
    train encoder (encoder.parameters ()) (fun (view1, view2) -> loss.call (encoder.call view1, encoder.call view2)) ignore

/// The targets come from a teacher that follows the student, as in BYOL.
let withATeacher () =
    use student = network ()
    use teacher = Teacher.Create(student, network)
    use predictor = torch.nn.Linear(32L, 32L)
    use loss = new EntropyReconstructionLoss(options ())

    train
        student
        (Seq.append (student.parameters ()) (predictor.parameters ()))
        (fun views -> loss.terms(studentViews student predictor teacher views).Loss)
        (fun () -> Teacher.Follow(teacher, student, momentum = 0.9))
