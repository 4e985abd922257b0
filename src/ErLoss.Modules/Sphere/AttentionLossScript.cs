namespace ErLoss.Modules;

/// <summary>
/// The loss of two views, or the entropy of any number, as one function, value and derivatives, after the functions of <see cref="AttentionScripts"/>: a GPU's host then makes one call instead of forty, which decides the
/// time of small batches.
/// </summary>
/// <remarks>
/// <para>
/// The views are the batch, both orders of rows are the heads. As the loss normalises the rows, what is along a row is left out of its gradient, and so is the own kernel's share; see
/// <see cref="KernelEntropy"/>.
/// </para>
/// <para>
/// With l_i a row's log-sum, the second pass of Joe's estimate has c_j ∝ exp(−l_j). Where the own kernel is kept, exp(κ − l_j) is between 1/k and 1 and multiplies the values, 256 times as large so that they are no subnormal numbers of float16;
/// left out, it can be any number, and its logarithm enters the exponents. The plug-in estimate has c_j ∝ b_j = 1 + l_j − log n + H, whatever is left out, since its weights are ∝ exp(l_j).
/// </para>
/// </remarks>
internal static class AttentionLossScript
{
    /// <summary>The functions <c>loss</c> and those it calls.</summary>
    /// <remarks>
    /// Of <c>x</c>, (2, k, d), <c>loss</c> returns where <c>apart</c>: entropy, plain entropy, reconstruction, the gradients of entropy and reconstruction in x, the derivative of the entropy in
    /// κ and Σ_i z_i·z'_i; else the weighted difference in place of the first three, and one gradient. Without <c>gradient</c> the values alone. Where
    /// <c>alone</c>, x is of any number of views, and what belongs to the reconstruction is left out. <c>constants</c> are those of
    /// <see cref="AttentionLossConstants"/>.
    /// </remarks>
    public const string Source = """
        def both_orders(rows: Tensor) -> Tensor:
            return torch.stack([rows, torch.flip(rows, [1])], 1)


        def inner(rows: Tensor, first: int, count: int, d: int) -> Tensor:
            return part(part(rows, 2, first, count), 3, 0, d)


        def second_pass(h: Tensor, factors: Tensor, length: int, dtype: int) -> Tensor:
            narrowed = factors.to(dtype)
            if h.size(2) > factors.size(2):
                narrowed = torch.constant_pad_nd(narrowed, [0, h.size(2) - factors.size(2)])
            values = h * narrowed.unsqueeze(3)
            return attend(part(h, 2, 1, length), part(h, 2, 0, length), part(values, 2, 0, length), True)[0]


        def second_pass_of_logarithms(h: Tensor, t: Tensor, top: Tensor, d: int, length: int, dtype: int) -> Tuple[Tensor, Tensor]:
            relative = torch.clamp_min(top - t, -6e4)
            head = relative.to(dtype).to(t.dtype)
            queries = h.clone()
            part(queries, 3, d, 2).fill_(1)
            keys = h.clone()
            part(part(keys, 2, 0, t.size(2)), 3, d, 2).copy_(torch.stack([head, relative - head], 3))
            return attend(part(queries, 2, 1, length), part(keys, 2, 0, length), part(h, 2, 0, length), True)


        def tangential(g: Tensor, along: Tensor, z: Tensor, scale: Tensor) -> Tensor:
            return g.addcmul_(z, along, value=-1).mul_(scale)


        def loss(
                x: Tensor, constants: Tensor, joe: bool, leave_out: bool, log_count: float, log_rows: float, entropy_weight: float,
                apart: bool, alone: bool, plain: bool, gradient: bool, learnt: bool, clamp: bool, normal: float, least: float, dtype: int, columns: int, multiple: int
        ) -> List[Tensor]:
            k = x.size(1)
            d = x.size(2)
            if k == 0:
                return [x]
            kappa, root, ratio, factor, met_factor, slope_factor = constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
            largest = torch.linalg_vector_norm(x, float("inf"), [2], True)
            z = x / torch.clamp_min(largest, least)
            # Infinite for a row of zeros, which then stays the zero vector, and whose gradient is zero.
            norms = torch.threshold(torch.linalg_vector_norm(z, 2.0, [2], True), 0.5, float("inf"))
            z = z.div_(norms)

            length = up(k - 1, multiple)
            width = up(d + (2 if joe and leave_out and gradient else 0), columns)
            h = both_orders((z * root).to(dtype))
            if width > d or length + 1 > k:
                h = torch.constant_pad_nd(h, [0, width - d, 0, length + 1 - k])
            keys = part(h, 2, 0, length)
            output, padded = attend(part(h, 2, 1, length), keys, keys, True)
            sums = part(padded, 2, 0, k - 1).to(x.dtype)
            later = torch.flip(sums[:, 1], [1])
            present = torch.gt(largest, 0).squeeze(2)
            l = torch.full([x.size(0), k], -float("inf"), dtype=x.dtype, device=x.device) if leave_out else present * kappa
            after_first = part(l, 1, 1, k - 1)
            torch.logaddexp(after_first, sums[:, 0], out=after_first)
            before_last = part(l, 1, 0, k - 1)
            torch.logaddexp(before_last, later, out=before_last)

            # The entropy's negative, and of the plug-in estimate 1 + l − log n + H as well.
            b = l
            level = l
            if joe:
                negative = l.mean() - log_count
            else:
                densities = l - log_count
                log_shares = torch.log_softmax(densities, 1)
                means = torch.sum(torch.exp(log_shares) * densities, [1], True)
                negative = means.mean()
                b = densities - (means - 1)
                level = part(l, 1, 0, 1) - part(log_shares, 1, 0, 1)
            plain_entropy = negative
            if plain:
                everything = torch.logaddexp(l, present * kappa)
                densities = everything - log_rows
                plain_entropy = -(densities.mean() if joe else torch.sum(torch.softmax(densities, 1) * densities, [1]).mean())
            cross = negative
            if alone:
                values = [-negative, plain_entropy]
            else:
                cross = torch.dot(z[0].reshape(-1), z[1].reshape(-1))
                agreement = cross * met_factor
                values = [-negative, plain_entropy, agreement] if apart else [torch.add(agreement, negative, alpha=entropy_weight)]
            if not gradient:
                return values

            n = k - 1
            share = torch.tensor(0)
            if joe and leave_out:
                t = both_orders(l)
                e = torch.exp(sums - part(t, 2, 1, n))
                top = torch.amin(l, [1], True).unsqueeze(2)
                second, logarithms = second_pass_of_logarithms(h, t, top, d, length, dtype)
                e2 = torch.exp(part(logarithms, 2, 0, n).to(x.dtype) - top)
            elif joe:
                t = both_orders(l)
                e = torch.exp(sums - part(t, 2, 1, n))
                f = constants[6] - t
                f = torch.exp(torch.clamp_max(f, 5.545177444479562) if clamp else f)
                e2 = e / part(f, 2, 1, n)
                second = second_pass(h, f, length, dtype)
                if learnt:
                    share = torch.sum(f[:, 0] * present) / 256
            else:
                f = both_orders(b)
                e2 = torch.exp(sums - level.unsqueeze(2))
                e = e2 * part(f, 2, 1, n)
                second = second_pass(h, f, length, dtype)
                if learnt:
                    share = torch.sum(torch.exp(present * kappa - level) * b * present)
            parts = (inner(output, 0, n, d) * e.unsqueeze(3)).addcmul_(inner(second, 0, n, d), e2.unsqueeze(3))
            met = z if alone else torch.flip(z, [0])
            total = torch.zeros_like(z) if apart else met * ratio
            part(total, 1, 1, n).add_(parts[:, 0])
            part(total, 1, 0, n).add_(torch.flip(parts[:, 1], [1]))
            along = torch.sum(total * z, [2], True)
            scale = norms * torch.clamp_min(largest, normal)
            slope = cross
            if learnt:
                slope = (along.sum() if apart else along.sum() - cross * ratio * 2) * slope_factor - share / (x.size(0) * k if joe else x.size(0))
            values.append(tangential(total, along, z, factor / scale))
            if alone:
                return values + [slope]
            if apart:
                values.append(tangential(met, torch.sum(met * z, [2], True), z, met_factor / scale))
            return values + [slope, cross]


        """;
}
