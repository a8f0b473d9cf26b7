"""The papers' optimizer, as their framework has it."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="recipes")
class TorchSGD(keras.optimizers.Optimizer):
    r"""Stochastic gradient descent as PyTorch has it.

    For each variable $w$ with gradient $g$ and velocity $v$, which starts at 0:

    $$g \leftarrow g + \lambda w, \qquad v \leftarrow \mu v + g, \qquad
    w \leftarrow w - \eta v$$

    with learning rate $\eta$, momentum $\mu$ and weight decay $\lambda$. With
    `nesterov`, $w \leftarrow w - \eta (g + \mu v)$.

    `keras.optimizers.SGD` differs in two ways:

    - It keeps $\eta$ in the velocity, $v \leftarrow \mu v - \eta g$: what was
      added before the learning rate fell goes on at the old rate for some
      steps. Here a lower rate acts at once. At a constant rate both do the same.
    - Its `weight_decay` takes $\eta \lambda w$ from the weights beside the
      momentum; here the decay goes through it.

    The decay is for all trainable variables, biases and the scales and offsets
    of norms among them, as it is in PyTorch for `model.parameters()`. Gradients
    are clipped, where asked for, before the decay is added.

    Args:
        learning_rate: A float, a `keras.optimizers.schedules.LearningRateSchedule`
            or a callable without arguments.
        momentum: In [0, 1].
        weight_decay: At least 0. Added to the gradient, so it is not Keras's
            own attribute `weight_decay`, which stays None, but
            `coupled_weight_decay`.
        nesterov: Whether to look ahead; needs a momentum.
        **kwargs: As `keras.optimizers.Optimizer` takes them: `clipnorm`,
            `use_ema`, `gradient_accumulation_steps`, `name`, ...

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> weight = keras.Variable([1.0])
        >>> optimizer = TorchSGD(0.5, momentum=0.5, weight_decay=0.5)
        >>> optimizer.apply([[2.0]], [weight])  # v = 2 + 0.5 * 1
        >>> weight.numpy().tolist()  # 1 - 0.5 * 2.5
        [-0.25]

    Reference:
        LM21 appendix A.1: PyTorch, momentum 0.9, weight decay 1e-4. PyTorch's
        documentation of `torch.optim.SGD` has the algorithm.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        **kwargs: Any,
    ) -> None:
        if not 0 <= momentum <= 1:
            raise ValueError(
                f"`momentum` must be between 0 and 1. Received: momentum={momentum!r}."
            )
        if not weight_decay >= 0:
            raise ValueError(
                "`weight_decay` must be at least 0. Received: "
                f"weight_decay={weight_decay!r}."
            )
        if nesterov and not momentum:
            raise ValueError(
                "`nesterov=True` needs a momentum. Received: "
                f"momentum={momentum!r}. Give `momentum`, as 0.9."
            )
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        # Keras would apply a decay of its own for an attribute `weight_decay`.
        self.coupled_weight_decay = weight_decay
        self.nesterov = nesterov

    def build(self, variables: list[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities: list[Any] = []
        if self.momentum:
            self._velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        # Also makes the sparse gradient of an embedding dense.
        gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
        if self.coupled_weight_decay:
            gradient = gradient + self.coupled_weight_decay * variable
        if self.momentum:
            velocity = self._velocities[self._get_variable_index(variable)]
            moved = self.momentum * velocity + gradient
            self.assign(velocity, moved)
            gradient = gradient + self.momentum * moved if self.nesterov else moved
        learning_rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, learning_rate * gradient)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "weight_decay": self.coupled_weight_decay,
            "nesterov": self.nesterov,
        }
