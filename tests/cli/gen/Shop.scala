// SPDX-License-Identifier: Apache-2.0
package com.example.shop

import java.time.Instant
import scala.concurrent.duration.FiniteDuration

/** What the actor understands. */
object Shop {
  sealed trait Command extends CborSerializable
  final case class Buy(item: String, count: Int = 1, gift: Option[Boolean], tags: Seq[String] = Nil)(implicit x: Int) extends Command
  final case class Prices(byItem: Map[String, Double], at: Instant, valid: FiniteDuration, history: Vector[Map[String, Long]]) extends Command with Other
  case object Stop extends Command

  def apply(): Behavior[Command] = Behaviors.receive { (ctx, msg) => msg match { case Buy(i, _, _, _) => Behaviors.same } }
}
@JsonTypeName("money") case class Money(amount: BigDecimal, currency: String, from: Option[Shop.Buy], raw: Array[Byte])
