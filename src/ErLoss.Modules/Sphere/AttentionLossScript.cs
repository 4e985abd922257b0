namespace ErLoss.Modules;

/// <summary>
/// The loss of two views as one function, value and derivatives, after the functions of <see cref="AttentionScripts"/>: a GPU's host then makes one call instead of forty, which decides the
/// time of small batches.
/// </summary>
/// <remarks>
/// <para>
/// The views are the batch, both orders of rows are the heads. As the loss normalises the rows, what is along a row is left out of its gradient, and so is the own kernel's share; see
/// <see cref="KernelEntropy"/>.
/// </para>
/// <para>
/// With l_i a row's log-sum, the second pass of Joe's estimate has c_j ∝ exp(−l_j). Where the own kernel is kept, exp(κ − l_j) is between 1/k and 1 and multiplies the values; left out, it
/// can be any number, and its logarithm enters the exponents. The plug-in estimate has c_j ∝ b_j = 1 + l_j − log n + H, whatever is left out, since its weights are ∝ exp(l_j).
/// </para>
/// </remarks>
internal static class AttentionLossScript
{
    /// <summary>The functions <c>loss</c> and those it calls.</summary>
    /// <remarks>
    /// Of <c>x</c>, (2, k, d), <c>loss</c> returns where <c>apart</c>: entropy, plain entropy, reconstruction, the gradients of entropy and reconstruction in x, and their derivatives in the
    /// kernels' and the decoder's κ; else the weighted difference in place of the first three, and one gradient. Without <c>gradient</c> the values alone.
    /// </remarks>
    public const string Source = """
        def entropy_gradient(
                h: Tensor, output: Tensor, s: Tensor, l: Tensor, b: Tensor, joe: bool, leave_out: bool, clamp: bool, kappa: Tensor, d: int, length: int, dtype: int
        ) -> Tensor:
            k = l.size(1)
            t = torch.stack([l, torch.flip(l, [1])], 1)
            if joe and leave_out:
                e = torch.exp(s - t)
                top = -torch.amin(l, [1], True)
                narrow = torch.clamp_min(-(t + top.unsqueeze(2)), -6e4)
                head = narrow.to(dtype).to(narrow.dtype)
                queries = h.clone()
                torch.narrow(queries, 3, d, 2).fill_(1)
                keys = h.clone()
                torch.narrow(torch.narrow(keys, 2, 0, k), 3, d, 2).copy_(torch.stack([head, narrow - head], 3))
                second, sums = attend(torch.narrow(queries, 2, 1, length), torch.narrow(keys, 2, 0, length), torch.narrow(h, 2, 0, length), True)
                e2 = torch.exp(torch.narrow(sums, 2, 0, k - 1).to(s.dtype) + top.unsqueeze(2)).unsqueeze(3)
            else:
                if joe:
                    e = torch.exp(s - t)
                    f = kappa - t
                    if clamp:
                        f = torch.clamp_max(f, 0)
                    f = torch.exp(f)
                    e2 = torch.narrow(e / f, 2, 1, k - 1).unsqueeze(3)
                else:
                    f = torch.stack([b, torch.flip(b, [1])], 1)
                    e = torch.exp(s - torch.logsumexp(l, [1], True).unsqueeze(2))
                    e2 = torch.narrow(e, 2, 1, k - 1).unsqueeze(3)
                    e = e * f
                factors = f.to(dtype)
                if length + 1 > k:
                    factors = torch.constant_pad_nd(factors, [0, length + 1 - k])
                values = h * factors.unsqueeze(3)
                second, sums = attend(torch.narrow(h, 2, 1, length), torch.narrow(h, 2, 0, length), torch.narrow(values, 2, 0, length), True)
            first = torch.narrow(torch.narrow(output, 2, 0, k - 1), 3, 0, d) * torch.narrow(e, 2, 1, k - 1).unsqueeze(3)
            return first.addcmul_(torch.narrow(torch.narrow(second, 2, 0, k - 1), 3, 0, d), e2)


        def gather(total: Tensor, parts: Tensor) -> Tensor:
            count = parts.size(2)
            torch.narrow(total, 1, 1, count).add_(parts[:, 0])
            torch.narrow(total, 1, 0, count).add_(torch.flip(parts[:, 1], [1]))
            return total


        def tangential(g: Tensor, z: Tensor, scale: Tensor) -> Tensor:
            return g.addcmul_(z, torch.sum(g * z, [2], True), value=-1).mul_(scale)


        def loss(
                x: Tensor, kappa: Tensor, root: Tensor, decoder: Tensor, joe: bool, leave_out: bool, log_count: float, log_rows: float, entropy_weight: float, reconstruction_weight: float,
                apart: bool, plain: bool, gradient: bool, learnt: bool, clamp: bool, normal: float, least: float, dtype: int, columns: int, multiple: int
        ) -> List[Tensor]:
            k = x.size(1)
            d = x.size(2)
            if k == 0:
                return [x]
            largest = torch.linalg_vector_norm(x, float("inf"), [2], True)
            z = x / torch.clamp_min(largest, least)
            norms = torch.clamp_min(torch.linalg_vector_norm(z, 2.0, [2], True), 0.5)
            z = z.div_(norms)
            own = torch.gt(largest, 0) * kappa

            length = up(k - 1, multiple)
            width = up(d + (2 if joe and leave_out and gradient else 0), columns)
            scaled = (z * root).to(dtype)
            h = torch.stack([scaled, torch.flip(scaled, [1])], 1)
            if width > d or length + 1 > k:
                h = torch.constant_pad_nd(h, [0, width - d, 0, length + 1 - k])
            keys = torch.narrow(h, 2, 0, length)
            output, sums = attend(torch.narrow(h, 2, 1, length), keys, keys, True)
            s = torch.constant_pad_nd(torch.narrow(sums, 2, 0, k - 1).to(x.dtype), [1, 0], -float("inf"))
            l = torch.logaddexp(s[:, 0], torch.flip(s[:, 1], [1]))
            everything = l
            if not leave_out or plain:
                everything = torch.logaddexp(l, own.squeeze(2))
            if not leave_out:
                l = everything

            b = l
            plain_entropy = l
            if joe:
                entropy = torch.rsub(l.mean(), log_count)
                if plain:
                    plain_entropy = torch.rsub(everything.mean(), log_rows)
            else:
                densities = l - log_count
                entropies = -torch.sum(torch.softmax(densities, 1) * densities, [1], True)
                b = densities + (entropies + 1)
                entropy = entropies.mean()
                if plain:
                    densities = everything - log_rows
                    plain_entropy = -torch.sum(torch.softmax(densities, 1) * densities, [1]).mean()
            cross = torch.dot(z[0].reshape(-1), z[1].reshape(-1))
            agreement = cross * decoder
            values = [entropy, plain_entropy, agreement * (-1.0 / k)] if apart else [torch.add(entropy * -entropy_weight, agreement, alpha=-reconstruction_weight / k)]
            if not gradient:
                return values

            parts = entropy_gradient(h, output, s, l, b, joe, leave_out, clamp, kappa, d, length, dtype)
            # The entropy's gradient is −√κ/(2k) times what is gathered, or −√κ/2 times it; what is gathered starts from zeros or from the other term's share.
            rows = 2.0 * k if joe else 2.0
            scale = own / (norms * torch.clamp_min(largest, normal))
            met = torch.flip(z, [0])
            unit = root / kappa
            if apart or learnt:
                whole = gather(torch.zeros_like(z), parts)
                slope = torch.sum(whole * z) / (-2.0 * rows * root) if learnt else cross
                if learnt:
                    shares = torch.exp(own.squeeze(2) - l)
                    shares = shares if joe else shares * b * torch.softmax(l, 1)
                    slope = slope - torch.sum(shares * own.squeeze(2)) / (rows * kappa)
                if apart:
                    return values + [
                        tangential(whole, z, scale * (unit * (-1.0 / rows))), tangential(met, z, scale * (decoder / kappa * (-1.0 / k))), slope, cross * (-1.0 / k)]
                total = torch.add(whole, met * (decoder / root * (-reconstruction_weight * rows / (k * entropy_weight))))
                return values + [tangential(total, z, scale * (unit * (entropy_weight / rows))), slope, cross * (-1.0 / k)]
            total = gather(met.mul_(decoder / root * (-reconstruction_weight * rows / (k * entropy_weight))), parts)
            return values + [tangential(total, z, scale * (unit * (entropy_weight / rows)))]


        """;
}
