#!/usr/bin/env python3
"""Times plain PyTorch where ErLoss.Benchmarks' `compare` times ErLoss: the same mathematics, sizes and precisions, in a file of the same form.

Forward and backward, in turns within one process, of
  product            the bare matrix product (k, d)·(d, k)
  entropy composed   Joe's entropy on the sphere by ordinary operators on the k×k similarities
  entropy chunked    the same by bands of rows that backward computes anew, so that no k×k matrix is kept
  entropy compiled   the composed form under torch.compile (--compile)
  entropy sdpa       the same by the kernels of scaled_dot_product_attention, whose log-sum-exp is the log-density, without a k×k matrix; in float32, and in
                     float16 and bfloat16 beside it
  loss ...           reconstruction minus the mean entropy of both views, likewise
with the error of each gradient's tangential part against float64, relative in norm, and training steps of a ResNet-18 for 32×32 images (two views an image) in images per second.
Needs PyTorch and nothing else.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


try:
    import torch
except ImportError:
    fail("this Python has no PyTorch; `pip install torch` would bring it.")
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

KAPPA = 10.0
SAMPLE_SECONDS = 0.02
LARGEST_WHOLE_PRODUCT = 16_384  # above so many rows the product is computed by bands, as `compare` does
PRODUCT_BAND = 8192
CHUNK = 4096
OUT_OF_MEMORY = "out of memory"


def log_densities(rows, kappa=KAPPA):
    """log p̂(z_i) − log C_d(κ) for each row, (k)."""
    return torch.logsumexp(kappa * (rows @ rows.T), 1) - math.log(len(rows))


def log_densities_chunked(rows, kappa=KAPPA):
    """As log_densities, by bands of rows; backward computes each band again."""
    def band(some, everyone):
        return torch.logsumexp(kappa * (some @ everyone.T), 1)

    bands = [checkpoint(band, some, rows, use_reentrant=False) for some in rows.split(CHUNK)]
    return torch.cat(bands) - math.log(len(rows))


class AttentionLogSums(torch.autograd.Function):
    """log Σ_j exp(κ·z_i·z_j) of each row by attention of the rows to themselves, in a type of one's choice."""

    @staticmethod
    def forward(ctx, rows, kappa, dtype):
        narrow = rows.to(dtype)[None, None]
        if not rows.is_cuda:
            output, sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(narrow, narrow, narrow, 0.0, False, scale=kappa)
            state = ()
        elif dtype == torch.float32:
            output, sums, *state = torch.ops.aten._scaled_dot_product_efficient_attention(narrow, narrow, narrow, None, True, scale=kappa)
        else:
            output, sums, *state = torch.ops.aten._scaled_dot_product_flash_attention(narrow, narrow, narrow, scale=kappa)
        ctx.save_for_backward(narrow, output, sums)
        ctx.state, ctx.kappa, ctx.dtype = state, kappa, rows.dtype
        return sums.reshape(-1)[:len(rows)].to(rows.dtype)  # the efficient kernel pads its sums

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        narrow, output, sums = ctx.saved_tensors
        # With P the attention's weights, the gradient is κ·(g∘(P·Z) + Pᵀ·(g∘Z)). The second part is attention's gradient in its values, of unit size whatever the loss's is.
        size = gradient.abs().max()
        weighted = (gradient[:, None] / size * narrow[0, 0]).to(narrow.dtype)[None, None]
        if not narrow.is_cuda:
            values = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(weighted, narrow, narrow, narrow, output, sums, 0.0, False, scale=ctx.kappa)[2]
        elif narrow.dtype == torch.float32:
            seed, offset = ctx.state
            values = torch.ops.aten._scaled_dot_product_efficient_attention_backward(
                weighted, narrow, narrow, narrow, None, output, sums, seed, offset, 0.0, [False, False, True, False], scale=ctx.kappa)[2]
        else:
            cumulative_q, cumulative_k, most_q, most_k, seed, offset, _ = ctx.state
            values = torch.ops.aten._scaled_dot_product_flash_attention_backward(
                weighted, narrow, narrow, narrow, output, sums, cumulative_q, cumulative_k, most_q, most_k, 0.0, False, seed, offset, scale=ctx.kappa)[2]
        rows = ctx.kappa * (gradient[:, None] * output[0, 0].to(ctx.dtype) + size * values[0, 0].to(ctx.dtype))
        return rows, None, None


def log_densities_by_attention(dtype):
    """As log_densities, by attention in a type."""
    return lambda rows, kappa=KAPPA: AttentionLogSums.apply(rows, kappa, dtype) - math.log(len(rows))


def entropy(rows, densities):
    """Joe's estimator without the normaliser's constant, which has no gradient in the rows."""
    return -densities(rows).mean()


def loss(view1, view2, densities):
    """Reconstruction minus entropy of normalised projections; the normalisers cancel."""
    z1, z2 = F.normalize(view1, dim=1), F.normalize(view2, dim=1)
    reconstruction = -KAPPA * (z1 * z2).sum() / len(z1)
    return reconstruction - (entropy(z1, densities) + entropy(z2, densities)) / 2


class Truth:
    """Tangential gradients of entropy and loss in the first of two batches of unit rows, in float64, by bands of rows."""

    MOST_ON_CPU, MOST_ON_CUDA, PAIRS_AT_ONCE = 8192, 65_536, 2**24

    def __init__(self, view1, view2):
        self.view1, self.view2, self.gradients = view1, view2, None

    def error(self, name):
        """Of view1's gradient, relative in norm; None where there are too many rows for a truth."""
        k = len(self.view1)
        if k > (self.MOST_ON_CUDA if self.view1.is_cuda else self.MOST_ON_CPU):
            return None
        with torch.no_grad():
            if self.gradients is None:
                z, other = (F.normalize(view.detach().double(), dim=1) for view in (self.view1, self.view2))
                self.directions = z
                ours = self.of_entropy(z)
                self.gradients = {"entropy": ours, "loss": self.tangential(-KAPPA / k * other) - ours / 2}
            truth = self.gradients[name]
            return float((self.tangential(self.view1.grad.double()) - truth).norm() / truth.norm())

    def of_entropy(self, z):
        k = len(z)
        height = max(1, self.PAIRS_AT_ONCE // k)
        bands = [slice(top, top + height) for top in range(0, k, height)]
        sums = torch.cat([torch.logsumexp(KAPPA * (z[band] @ z.T), 1) for band in bands])
        parts = []
        for band in bands:
            exponents = KAPPA * (z[band] @ z.T)
            exponents.diagonal(band.start).fill_(-math.inf)  # a row's own share is along the row
            parts.append(((exponents - sums[band, None]).exp_() + (exponents - sums).exp_()) @ z)
        return self.tangential(-KAPPA / k * torch.cat(parts))

    def tangential(self, gradient):
        return gradient - self.directions * (gradient * self.directions).sum(1, keepdim=True)


class Device:
    """Where to compute, and what is asked of it."""

    def __init__(self, name):
        try:
            self.torch = torch.device(name)
        except RuntimeError:
            fail(f"--device is '{name}'; cpu, cuda or cuda:N is wanted.")
        self.is_cuda = self.torch.type == "cuda"
        if self.torch.type not in ("cpu", "cuda"):
            fail(f"--device is '{name}'; cpu, cuda or cuda:N is wanted.")
        if self.is_cuda and (not torch.cuda.is_available() or (self.torch.index or 0) >= torch.cuda.device_count()):
            fail(f"--device is '{name}', but PyTorch finds no such device.")
        if self.is_cuda:
            self.torch = torch.device("cuda", self.torch.index or 0)  # set_device wants an index
            torch.cuda.set_device(self.torch)
        self.name = torch.cuda.get_device_name(self.torch) if self.is_cuda else f"cpu, {torch.get_num_threads()} thread(s)"

    def synchronize(self):
        if self.is_cuda:
            torch.cuda.synchronize(self.torch)

    def free_bytes(self):
        """Bytes free, those that PyTorch keeps for itself included; None where nobody says."""
        if not self.is_cuda:
            return None
        torch.cuda.empty_cache()
        return torch.cuda.mem_get_info(self.torch)[0]


def reason(error):
    """Why there is no figure, in a line."""
    text = " ".join(str(error).split())
    out_of_memory = "out of memory" in text or "can't allocate memory" in text
    return OUT_OF_MEMORY if out_of_memory else f"failed: {type(error).__name__}: {text}"[:300]


class Samples:
    """Times of one action, each over as many repetitions as make it long enough to time, until it fails."""

    def __init__(self, run, device, note=None):
        self.run, self.device, self.note = run, device, note
        self.repetitions, self.seconds = 0, []

    def take(self):
        if self.note is not None:
            return
        try:
            if self.repetitions == 0:
                self.warm_up()
            self.seconds.append(self.time() / self.repetitions)
        except Exception as error:  # whatever it is, the other figures are still wanted
            self.note = reason(error)
        if self.note == OUT_OF_MEMORY and self.device.is_cuda:
            torch.cuda.empty_cache()

    def warm_up(self):
        self.repetitions = 1
        self.time()
        while (seconds := self.time()) < SAMPLE_SECONDS:
            self.repetitions = math.ceil(self.repetitions * min(10, 1.1 * SAMPLE_SECONDS / seconds))

    def time(self):
        self.device.synchronize()
        start = time.perf_counter()
        for _ in range(self.repetitions):
            self.run()
        self.device.synchronize()
        return time.perf_counter() - start

    def quartiles(self):
        """First quartile, median and third of the seconds; None where there are none."""
        if self.note is not None:
            return None
        if len(self.seconds) == 1:
            return self.seconds * 3
        return statistics.quantiles(self.seconds, n=4, method="inclusive")


def take_turns(samples, rounds):
    for _ in range(rounds):
        for each in samples:
            each.take()


def variants(device, k, d, compiles):
    """(name, number of k×k buffers, action, error of the gradient that it left or None) of all that is timed at (k, d)."""
    generator = torch.Generator().manual_seed(0)
    view1, view2 = (F.normalize(torch.randn(k, d, generator=generator), dim=1).to(device.torch).requires_grad_() for _ in range(2))

    truth = Truth(view1, view2)

    def zero_gradients():
        for view in (view1, view2):
            if view.grad is not None:
                view.grad.zero_()

    def product():
        with torch.no_grad():
            if k <= LARGEST_WHOLE_PRODUCT:
                view1 @ view1.T
                return
            band = torch.empty(PRODUCT_BAND, k, device=device.torch)
            for top in range(0, k, PRODUCT_BAND):
                rows = view1[top:top + PRODUCT_BAND]
                torch.mm(rows, view1.T, out=band[:len(rows)])

    def differentiate(value):
        def run():
            zero_gradients()
            value().backward()
        return run

    yield "product", 1 if k <= LARGEST_WHOLE_PRODUCT else PRODUCT_BAND / k, product, None
    forms = [("composed", 4, 5, log_densities), ("chunked", 4 * min(CHUNK, k) / k, 4 * min(CHUNK, k) / k, log_densities_chunked)]
    if compiles:
        torch.compiler.reset()  # forgets other sizes, of which it takes a few only
        forms.append(("compiled", 1, 2, torch.compile(log_densities, dynamic=False)))
    forms += [(name, 0, 0, log_densities_by_attention(dtype)) for name, dtype in (("sdpa", torch.float32), ("sdpa float16", torch.float16), ("sdpa bfloat16", torch.bfloat16))]
    for form, entropy_buffers, loss_buffers, densities in forms:
        yield f"entropy {form}", entropy_buffers, differentiate(lambda densities=densities: entropy(view1, densities)), lambda: truth.error("entropy")
        yield f"loss {form}", loss_buffers, differentiate(lambda densities=densities: loss(view1, view2, densities)), lambda: truth.error("loss")


def set_tf32(products, convolutions):
    torch.backends.cuda.matmul.allow_tf32 = products
    torch.backends.cudnn.allow_tf32 = convolutions


def error_of(samples, error):
    """The error of one more run's gradient; None where it is not known."""
    if error is None:
        return None
    try:
        samples.run()
        return error()
    except RuntimeError:  # a float64 truth may not fit
        return None


def compare(device, precision, k, d, rounds, compiles):
    free = device.free_bytes()  # what PyTorch kept of earlier sizes is given back here
    named = []
    for name, buffers, run, error in variants(device, k, d, compiles):
        needed = buffers * 4 * k * k
        too_much = free is not None and needed > free
        note = f"skipped: its buffers take about {needed / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free" if too_much else None
        named.append((name, Samples(run, device, note), error))
    take_turns([samples for _, samples, _ in named], rounds)
    for name, samples, error in named:
        row = {"name": name, "device": device.name, "k": k, "d": d, "precision": precision, "rounds": rounds}
        quartiles = samples.quartiles()
        if quartiles is None:
            row["note"] = samples.note
        else:
            row["q1"], row["median_ms"], row["q3"] = (1000 * seconds for seconds in quartiles)
            row["error"] = error_of(samples, error)
        yield row


class Block(nn.Module):
    """Two 3×3 convolutions and a way past them."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.past = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, images):
        return F.relu(self.path(images) + self.past(images), inplace=True)


def resnet18():
    """ResNet-18 for 32×32 images: a 3×3 stem without pooling; 512 features."""
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    width = 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(width, outputs, stride), Block(outputs, outputs, 1)]
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def throughput(device, batch, rounds):
    """Steps of encoder, projector, ER loss and AdamW on two views of each of `batch` images."""
    settings = [("float32", False, False), ("bfloat16", False, True)]
    if device.is_cuda:
        settings.insert(1, ("tf32", True, False))
    for precision, tf32, autocast in settings:
        row = {"name": "resnet18", "device": device.name, "precision": precision, "batch": batch}
        try:
            row.update(step_figures(device, batch, rounds, tf32, autocast))
        except Exception as error:  # making the network may fail as well
            row["note"] = reason(error)
        yield row
    set_tf32(False, False)


def step_figures(device, batch, rounds, tf32, autocast):
    """Median and quartiles of images per second, or a note that says why there are none."""
    set_tf32(products=False, convolutions=tf32)  # as the harness has it
    torch.manual_seed(0)
    model = nn.Sequential(resnet18(), nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(inplace=True), nn.Linear(512, 128))
    model = model.to(device.torch, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    views = torch.randn(2 * batch, 3, 32, 32).to(device.torch).to(memory_format=torch.channels_last)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.torch.type, dtype=torch.bfloat16, enabled=autocast):
            projections = model(views)
        loss(*projections.float().chunk(2), log_densities).backward()
        optimizer.step()

    samples = Samples(step, device)
    take_turns([samples], rounds)
    quartiles = samples.quartiles()
    if quartiles is None:
        return {"note": samples.note}
    q3, median, q1 = (batch / seconds for seconds in quartiles)
    return {"images_per_second": median, "q1": q1, "q3": q3}


def numbers(text):
    values = [int(word) for word in text.split(",")]
    if min(values) < 2:
        raise ValueError
    return values


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--k", type=numbers, help="rows, with commas between")
    parser.add_argument("--d", type=numbers, default=[128, 256], help="dimensions, with commas between")
    parser.add_argument("--tf32", action="store_true", help="time matrix products in TF32 as well (CUDA only)")
    parser.add_argument("--rounds", type=positive, default=9, help="samples of each")
    parser.add_argument("--compile", action="store_true", help="time torch.compile's form as well")
    parser.add_argument("--batch", type=positive, default=512, help="images a training step")
    parser.add_argument("--no-resnet", action="store_true", help="leave the training steps out")
    parser.add_argument("--json", help="file to write the figures to")
    arguments = parser.parse_args()

    device = Device(arguments.device)
    if arguments.tf32 and not device.is_cuda:
        fail(f"--tf32 is for CUDA devices; the device is {device.torch}.")
    sizes = arguments.k or ([2**power for power in range(10, 18)] if device.is_cuda else [1024, 4096, 8192])
    document = {"program": "PyTorch", "device": device.name, "libtorch": torch.__version__, "rows": [], "throughput": []}

    failures = 0

    def keep(rows, row):
        nonlocal failures
        failures += row.get("note", "").startswith("failed")
        rows.append(row)
        print(json.dumps(row), flush=True)
        if arguments.json:
            with open(arguments.json + ".tmp", "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)
            os.replace(arguments.json + ".tmp", arguments.json)  # whole at every moment

    for tf32 in (False, True) if arguments.tf32 else (False,):
        set_tf32(tf32, tf32)
        precision = "tf32" if tf32 else "float32"
        for k in sizes:
            for d in arguments.d:
                try:
                    for row in compare(device, precision, k, d, arguments.rounds, arguments.compile):
                        keep(document["rows"], row)
                except Exception as error:  # making the inputs may fail as well
                    keep(document["rows"], {"name": "inputs", "device": device.name, "k": k, "d": d, "precision": precision,
                                            "rounds": arguments.rounds, "note": reason(error)})
    if not arguments.no_resnet:
        for row in throughput(device, arguments.batch, arguments.rounds):
            keep(document["throughput"], row)
    if failures:
        print(f"error: {failures} figure(s) could not be measured; their notes say why.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
